"""Playback ids as plain data: one, and all of several owners in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from fastpix.access import tenancy
from fastpix.resources.playback_ids.models import LivePlaybackId, PlaybackId, PlaybackIdRow


def _of(
    model: type[PlaybackId | LivePlaybackId], owner: InstrumentedAttribute[Any], *further: InstrumentedAttribute[Any]
) -> sa.Select[*tuple[Any, ...]]:
    """The playback ids of several owners, oldest first: owner, id, policy, restrictions, moment, `further` columns."""
    columns = (owner, model.id, model.access_policy, model.restrictions, model.created_at, *further)
    is_theirs = owner.in_(sa.bindparam("owner_ids", expanding=True))
    return sa.select(*columns).where(is_theirs).order_by(model.created_at, model.id)


_OF_MEDIA = _of(PlaybackId, PlaybackId.media_id, PlaybackId.resolution)
_OF_STREAMS = _of(LivePlaybackId, LivePlaybackId.stream_id)


def of_media(media_ids: Iterable[UUID]) -> Iterator[tuple[UUID, PlaybackIdRow]]:
    """The playback ids of all these media with the media's id, oldest first."""
    rows = tenancy.rows(_OF_MEDIA, {"owner_ids": list(media_ids)})
    for media_id, playback_id, policy, restrictions, created_at, resolution in rows:
        yield (
            media_id,
            {
                "id": playback_id,
                "media_id": media_id,
                "access_policy": policy,
                "restrictions": restrictions,
                "resolution": resolution,
                "created_at": created_at,
            },
        )


def of_streams(stream_ids: Iterable[str]) -> Iterator[tuple[str, PlaybackIdRow]]:
    """The playback ids of all these live streams with the stream's id, oldest first."""
    rows = tenancy.rows(_OF_STREAMS, {"owner_ids": list(stream_ids)})
    for stream_id, playback_id, policy, restrictions, created_at in rows:
        yield (
            stream_id,
            {
                "id": playback_id,
                "stream_id": stream_id,
                "access_policy": policy,
                "restrictions": restrictions,
                "created_at": created_at,
            },
        )


def as_dict(playback_id: PlaybackId | LivePlaybackId) -> PlaybackIdRow:
    row: PlaybackIdRow = {
        "id": playback_id.id,
        "access_policy": playback_id.access_policy,
        "restrictions": playback_id.restrictions,
        "created_at": playback_id.created_at,
    }
    if isinstance(playback_id, PlaybackId):
        return row | {"media_id": playback_id.media_id, "resolution": playback_id.resolution}
    return row | {"stream_id": playback_id.stream_id}
