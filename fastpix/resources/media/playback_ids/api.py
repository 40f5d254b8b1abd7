"""The playback ids of media over the HTTP API (docs/fastpix-contract.md, section 3, M12 to M17)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media.playback_ids import domain
from fastpix.resources.playback_ids import api as shared
from fastpix.resources.playback_ids import schemas
from fastpix.web.api import Api

api = Api("playback_ids", __name__, "Playback ids")
ALL = "/on-demand/<mediaId>/playback-ids"


@api.operation(domain.create, "POST", ALL, body=schemas.PlaybackIdCreate, answer=schemas.PlaybackIdMade, status=201)
def create(media_id: UUID, body: schemas.PlaybackIdCreate) -> Any:
    """Add a playback id."""
    restrictions = schemas.as_drafts(body.access_restrictions)
    return schemas.playback_id(domain.create(media_id, body.access_policy, restrictions, body.resolution))


@api.operation(domain.listed, "GET", ALL, answer=schemas.PlaybackIdOut, is_answer_list=True)
def index(media_id: UUID) -> Any:
    """List a media's playback ids."""
    return [schemas.playback_id(row) for row in domain.listed(media_id)]


shared.register(
    api,
    domain,
    ALL,
    answer=schemas.PlaybackIdOut,
    query=schemas.PlaybackIdQuery,
    of="",
    plays="a playback id plays",
)
