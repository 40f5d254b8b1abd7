"""The playback ids of live streams over the HTTP API (docs/fastpix-contract.md, section 4, L10 to L14)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.live_streams import schemas
from fastpix.resources.live_streams.playback_ids import domain
from fastpix.resources.playback_ids import api as shared
from fastpix.resources.playback_ids.schemas import RestrictionsOut, as_drafts, restrictions
from fastpix.web.api import Api

api = Api("live_playback_ids", __name__, "Live playback ids")
ALL = "/live/streams/<streamId>/playback-ids"


@api.operation(
    domain.create, "POST", ALL, body=schemas.LivePlaybackIdCreate, answer=schemas.LivePlaybackIdOut, status=201
)
def create(stream_id: str, body: schemas.LivePlaybackIdCreate) -> Any:
    """Add a playback id to a live stream."""
    made = domain.create(stream_id, body.access_policy, as_drafts(body.access_restrictions))
    return schemas.live_playback_id(made)


@api.operation(domain.get, "GET", f"{ALL}/<playbackId>/restrictions", answer=RestrictionsOut)
def get_restrictions(stream_id: str, playback_id: UUID) -> Any:
    """Get where a live stream's playback id may be used (an addition to FastPix's API)."""
    return restrictions(domain.get(stream_id, playback_id)["restrictions"])


shared.register(
    api,
    domain,
    ALL,
    answer=schemas.LivePlaybackIdOut,
    tell=schemas.live_playback_id,
    query=schemas.LivePlaybackIdQuery,
    of=" of a live stream",
    plays="a live stream plays under a playback id",
)
