"""Playback ids of live streams over the HTTP API (contract section 4, L10 to L14)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.live_streams import playback_ids, schemas, shapes
from fastpix.web.api import Api, parse_id

api = Api("live_playback_ids", __name__, "Live playback ids")
ALL = "/live/streams/<streamId>/playback-ids"
ONE = f"{ALL}/<playbackId>"


@api.operation(
    playback_ids.create,
    "POST",
    ALL,
    body=schemas.LivePlaybackIdCreate,
    answer=shapes.LivePlaybackIdOut,
    status=201,
)
def create(stream_id: str, body: schemas.LivePlaybackIdCreate) -> Any:
    """Add a playback id to a live stream."""
    rules = body.access_restrictions.as_rules() if body.access_restrictions else {}
    return shapes.playback_id(playback_ids.create(stream_id, body.access_policy, rules))


@api.operation(playback_ids.get, "GET", ONE, answer=shapes.LivePlaybackIdOut)
def get(stream_id: str, playback_id: UUID) -> Any:
    """Get one playback id of a live stream."""
    return shapes.playback_id(playback_ids.get(stream_id, playback_id))


@api.operation(playback_ids.delete, "DELETE", ALL, query=schemas.LivePlaybackIdQuery)
def delete(stream_id: str, query: schemas.LivePlaybackIdQuery) -> None:
    """Delete a playback id of a live stream; it is named in the query."""
    playback_ids.delete(stream_id, parse_id("playbackId", query.playback_id))


@api.operation(playback_ids.restrict, "PATCH", f"{ONE}/domains", body=schemas.RuleIn, answer=shapes.RuleOut)
def domains(stream_id: str, playback_id: UUID, body: schemas.RuleIn) -> Any:
    """Set on which domains a live stream plays under a playback id."""
    return _restrict(stream_id, playback_id, "domains", body)


@api.operation(playback_ids.restrict, "PATCH", f"{ONE}/user-agents", body=schemas.RuleIn, answer=shapes.RuleOut)
def user_agents(stream_id: str, playback_id: UUID, body: schemas.RuleIn) -> Any:
    """Set for which user agents a live stream plays under a playback id."""
    return _restrict(stream_id, playback_id, "userAgents", body)


def _restrict(stream_id: str, playback_id: UUID, kind: str, body: schemas.RuleIn) -> Any:
    told = (body.default_policy, body.allow, body.deny)
    return shapes.rule(playback_ids.restrict(stream_id, playback_id, kind, *told))
