"""What is behind a playback id: asked of the database once in four seconds, for public segments never more."""

from __future__ import annotations

import re
from uuid import UUID

from fastpix.db import db
from fastpix.delivery.ttl_cache import TtlCache
from fastpix.errors import Invalid, Missing
from fastpix.resources.live_streams import playback as live
from fastpix.resources.live_streams.playback import LivePlayable
from fastpix.resources.media import playback
from fastpix.resources.media.playback import Playable

AnyPlayable = Playable | LivePlayable

SECONDS, MOST = 4.0, 4096
# Version 4 or not: what counts is one spelling, so that one thing has one address.
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _load(playback_id: UUID) -> AnyPlayable | None:
    try:
        return playback.find(playback_id) or live.find(playback_id)
    finally:
        db.session.rollback()  # the connection goes back now: the answer may take long


_playables: TtlCache[UUID, AnyPlayable | None] = TtlCache(_load, seconds=SECONDS, most=MOST)


def find(playback_id: str) -> AnyPlayable:
    """What plays under this id. Raises `Invalid` for what is no id, `Missing` for one that nobody has."""
    if not ID.fullmatch(playback_id):
        raise Invalid("playbackId", "is invalid")
    playable = _playables.get(UUID(playback_id))
    if playable is None:
        raise Missing("There is nothing to play under this playback id.")
    return playable
