"""Tracks as plain data: one, and all of several media in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.media import redaction
from fastpix.resources.media.tracks.models import Track, TrackRow

_OF_MEDIA = (
    sa.select(
        Track.media_id,
        Track.id,
        Track.type,
        Track.status,
        Track.failure,
        Track.language_code,
        Track.language_name,
        Track.title,
        Track.url,
        Track.version,
        Track.details,
        Track.is_added,
        Track.is_generated,
        Track.percent,
    )
    .where(Track.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(Track.created_at, Track.id)
)


def of_media(media_ids: Iterable[UUID]) -> Iterator[TrackRow]:
    """The tracks of all these media, oldest first."""
    rows: Iterable[Any] = db.session.execute(_OF_MEDIA, {"media_ids": list(media_ids)})
    yield from map(as_dict, rows)


def as_dict(track: Track) -> TrackRow:
    """Of an entity, or of a row with the same columns."""
    return {
        "id": track.id,
        "media_id": track.media_id,
        "type": track.type,
        "status": track.status,
        "failure": redaction.for_reader(track.failure, track.url),
        "language_code": track.language_code,
        "language_name": track.language_name,
        "title": track.title,
        "url": track.url,
        "version": track.version,
        "details": track.details,
        "is_added": track.is_added,
        "is_generated": track.is_generated,
        "percent": track.percent,
    }
