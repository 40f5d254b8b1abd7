"""The life of a track, from preparing to available or failed: every change of its status is a function here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db, reading, transaction
from fastpix.errors import Missing
from fastpix.resources.media.models import Media
from fastpix.resources.media.tracks import events
from fastpix.resources.media.tracks.models import AVAILABLE, FAILED, PREPARING, Track, TrackDetails

_ID = sa.select(Track.id).where(Track.id == sa.bindparam("track_id"))
_ONE = sa.select(Track).where(Track.id == sa.bindparam("track_id"))


def is_there(track_id: UUID) -> bool:
    """Whether the track is still there, for work that runs. In a transaction of its own, which only reads."""
    with reading(), transaction():
        return db.session.scalar(_ID, {"track_id": track_id}) is not None


def set_own(media: Media) -> None:
    """The rows of the source's own picture and sound, anew: they become available with the media."""
    db.session.execute(sa.delete(Track).where(Track.media_id == media.id, Track.is_added.is_(False)))
    here: dict[str, Any] = {"media_id": media.id, "workspace_id": media.workspace_id}
    if not media.is_audio_only:
        details: TrackDetails = {
            "width": media.width,
            "height": media.height,
            "frameRate": f"{media.frame_rate or 0:.3f}",
        }
        db.session.add(Track(**here, type="video", details=details))
    if media.has_sound:
        db.session.add(Track(**here, type="audio", language_code="und", language_name="default"))


def publish_own(media: Media) -> None:
    """The media is ready, and its own picture and sound with it."""
    for track in db.session.scalars(sa.select(Track).where(Track.media_id == media.id, Track.is_added.is_(False))):
        track.status = AVAILABLE


def restart(track: Track) -> None:
    """It is prepared anew, from another address."""
    track.status, track.failure = PREPARING, ""


def prepared(track_id: UUID, version: str, details: TrackDetails) -> None:
    """The track's files are in place. Raises `Missing` where the track was deleted meanwhile. For the job."""
    track = db.session.scalar(_ONE, {"track_id": track_id})
    if track is None:
        raise Missing("The track was deleted meanwhile.")
    track.status, track.failure, track.version, track.details = AVAILABLE, "", version, details
    events.track(_media_of(track), track, "ready")


def failed(track_id: UUID, reason: str) -> None:
    """The track could not be prepared, for a reason that a person understands. For the job."""
    track = db.session.scalar(_ONE, {"track_id": track_id})
    if track is not None:
        track.status, track.failure = FAILED, reason
        events.track(_media_of(track), track, "failed")


def _media_of(track: Track) -> Media:
    return db.session.scalars(sa.select(Media).where(Media.id == track.media_id)).one()
