"""Playback ids over the HTTP API (contract section 3, M12 to M17)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media import playback_ids, schemas, shapes
from fastpix.web.api import Api, parse_id

api = Api("playback_ids", __name__, "Playback ids")
ONE = "/on-demand/<mediaId>/playback-ids/<playbackId>"


@api.operation(
    playback_ids.create,
    "POST",
    "/on-demand/<mediaId>/playback-ids",
    body=schemas.PlaybackIdCreate,
    answer=shapes.PlaybackIdMade,
    status=201,
)
def create(media_id: UUID, body: schemas.PlaybackIdCreate) -> Any:
    """Add a playback id."""
    rules = body.access_restrictions.as_rules() if body.access_restrictions else {}
    return shapes.playback_id(playback_ids.create(media_id, body.access_policy, rules, body.resolution))


@api.operation(
    playback_ids.listed,
    "GET",
    "/on-demand/<mediaId>/playback-ids",
    answer=shapes.PlaybackIdOut,
    is_answer_list=True,
)
def index(media_id: UUID) -> Any:
    """List a media's playback ids."""
    return [shapes.playback_id(row) for row in playback_ids.listed(media_id)]


@api.operation(playback_ids.get, "GET", ONE, answer=shapes.PlaybackIdOut)
def get(media_id: UUID, playback_id: UUID) -> Any:
    """Get one playback id."""
    return shapes.playback_id(playback_ids.get(media_id, playback_id))


@api.operation(playback_ids.delete, "DELETE", "/on-demand/<mediaId>/playback-ids", query=schemas.PlaybackIdQuery)
def delete(media_id: UUID, query: schemas.PlaybackIdQuery) -> None:
    """Delete a playback id; it is named in the query."""
    playback_ids.delete(media_id, parse_id("playbackId", query.playback_id))


@api.operation(playback_ids.restrict, "PATCH", f"{ONE}/domains", body=schemas.RuleIn, answer=shapes.RuleOut)
def domains(media_id: UUID, playback_id: UUID, body: schemas.RuleIn) -> Any:
    """Set on which domains a playback id plays."""
    return _restrict(media_id, playback_id, "domains", body)


@api.operation(playback_ids.restrict, "PATCH", f"{ONE}/user-agents", body=schemas.RuleIn, answer=shapes.RuleOut)
def user_agents(media_id: UUID, playback_id: UUID, body: schemas.RuleIn) -> Any:
    """Set for which user agents a playback id plays."""
    return _restrict(media_id, playback_id, "userAgents", body)


def _restrict(media_id: UUID, playback_id: UUID, kind: str, body: schemas.RuleIn) -> Any:
    told = (body.default_policy, body.allow, body.deny)
    return shapes.rule(playback_ids.restrict(media_id, playback_id, kind, *told))
