"""Tracks as plain data: one, and all of several media in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.media import rules
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
    )
    .where(Track.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(Track.created_at, Track.id)
)


def of_media(media_ids: Iterable[UUID]) -> Iterator[TrackRow]:
    """The tracks of all these media, oldest first."""
    rows = db.session.execute(_OF_MEDIA, {"media_ids": list(media_ids)})
    for media_id, track_id, type, status, failure, code, name, title, url, version, details, is_added in rows:
        yield {
            "id": track_id,
            "media_id": media_id,
            "type": type,
            "status": status,
            "failure": rules.for_reader(failure, url),
            "language_code": code,
            "language_name": name,
            "title": title,
            "url": url,
            "version": version,
            "details": details,
            "is_added": is_added,
        }


def as_dict(track: Track) -> TrackRow:
    return {
        "id": track.id,
        "media_id": track.media_id,
        "type": track.type,
        "status": track.status,
        "failure": rules.for_reader(track.failure, track.url),
        "language_code": track.language_code,
        "language_name": track.language_name,
        "title": track.title,
        "url": track.url,
        "version": track.version,
        "details": track.details,
        "is_added": track.is_added,
    }
