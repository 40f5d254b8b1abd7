"""The life of a track, from preparing to available or failed: every change of its status is a function here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db, reading, transaction
from fastpix.errors import Missing
from fastpix.jobs import queue
from fastpix.resources.media.models import Media
from fastpix.resources.media.tracks import events
from fastpix.resources.media.tracks.models import AVAILABLE, FAILED, PREPARING, Track, TrackDetails
from fastpix.resources.media.transcripts import domain as transcripts
from fastpix.video.cues import Cue

MEDIA_FAILED = "Processing of the media failed, so there is nothing to listen to."
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


def restart(track: Track, *, is_generated: bool = False) -> None:
    """It is prepared anew: from another address, or by listening to what is said."""
    track.status, track.failure, track.percent, track.is_generated = PREPARING, "", None, is_generated
    transcripts.forget(track.id)


def listen(media: Media, track: Track, sound_id: UUID | None = None) -> None:
    """Have captions made of what is said in the media, or in the sound that was added."""
    args = {"media_id": str(media.id), "track_id": str(track.id), "sound_id": str(sound_id) if sound_id else None}
    track.job_id = queue.enqueue("media.captions", args, organization_id=media.organization_id)


def listen_to_all(media: Media) -> None:
    """Have the captions made that waited for the media to be ready."""
    awaited = sa.select(Track).where(Track.media_id == media.id, Track.is_generated, Track.status == PREPARING)
    for track in db.session.scalars(awaited):
        listen(media, track)


def stop_waiting(media: Media) -> None:
    """The media failed: the captions that waited for it have nothing to listen to."""
    for track in db.session.scalars(_waiting(media, PREPARING)):
        failed(track.id, MEDIA_FAILED)


def wait_again(media: Media) -> None:
    """The media is tried once more, and the captions that waited for it wait again."""
    for track in db.session.scalars(_waiting(media, FAILED)):
        restart(track, is_generated=True)


def _waiting(media: Media, status: str) -> sa.Select[Track]:
    """Captions of the media that were not begun."""
    of_media = sa.select(Track).where(Track.media_id == media.id, Track.is_generated, Track.job_id.is_(None))
    return of_media.where(Track.status == status)


def progress(track_id: UUID, percent: int) -> None:
    """How far its making is. For the job."""
    statement = sa.update(Track).where(Track.id == track_id, Track.status == PREPARING).values(percent=percent)
    db.session.execute(statement.execution_options(synchronize_session=False))


def prepared(track_id: UUID, version: str, details: TrackDetails, cues: Sequence[Cue] = ()) -> None:
    """The track's files are in place; of subtitles these are the captions. Raises `Missing` where the track was deleted meanwhile. For the job."""
    track = db.session.scalar(_ONE, {"track_id": track_id})
    if track is None:
        raise Missing("The track was deleted meanwhile.")
    track.status, track.failure, track.version, track.details = AVAILABLE, "", version, details
    track.percent = None
    if track.type == "subtitle":
        transcripts.keep(track, cues)
    events.track(_media_of(track), track, "ready")


def failed(track_id: UUID, reason: str) -> None:
    """The track could not be prepared, for a reason that a person understands. For the job."""
    track = db.session.scalar(_ONE, {"track_id": track_id})
    if track is not None:
        track.status, track.failure, track.percent = FAILED, reason, None
        events.track(_media_of(track), track, "failed")


def _media_of(track: Track) -> Media:
    return db.session.scalars(sa.select(Media).where(Media.id == track.media_id)).one()
