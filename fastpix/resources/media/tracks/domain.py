"""Subtitles and further sounds of a media: added by address or by file, edited, deleted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, Refused, WrongState
from fastpix.jobs import queue
from fastpix.resources.media import domain as media_domain
from fastpix.resources.media import lifecycle as media_lifecycle
from fastpix.resources.media import options
from fastpix.resources.media.models import FAILED as MEDIA_FAILED
from fastpix.resources.media.models import READY as MEDIA_READY
from fastpix.resources.media.models import Media
from fastpix.resources.media.tracks import events, lifecycle, queries, rules
from fastpix.resources.media.tracks.models import FAILED, Track, TrackRow
from fastpix.resources.playback_ids import rules as playback_rules
from fastpix.storage import instance as storage
from fastpix.text.languages import checked_language_code, checked_language_name
from fastpix.video.speech import check_offered

WAIT = timedelta(seconds=10)
_ONE = sa.select(Track).where(Track.id == sa.bindparam("track_id"), Track.media_id == sa.bindparam("media_id"))
_ALL = sa.select(Track).where(Track.media_id == sa.bindparam("media_id"))


@action("media.edit")
def create(
    media_id: UUID,
    type: str,
    language_code: str,
    language_name: str,
    *,
    url: str = "",
    title: str = "",
    file: bytes | None = None,
) -> TrackRow:
    """Add subtitles or a sound, from an address or (subtitles) from a file's bytes.

    Raises `Missing`, `Invalid`, `WrongState` for a language name that is there already (the contract answers 400).
    """
    media = media_domain.load(media_id)
    if file is not None and (type != "subtitle" or len(file) > rules.LARGEST_SUBTITLES):
        raise Invalid("file", f"Send subtitles (SRT, WebVTT or .ass) of at most {rules.LARGEST_SUBTITLES >> 20} MB.")
    track = add(media, type, url, language_code, language_name, title, file)
    described(media, track, after=values(track))
    events.track(media, track, "created")
    return queries.as_dict(track)


@action("media.edit")
def edit(
    media_id: UUID,
    track_id: UUID,
    *,
    language_code: str | None = None,
    language_name: str | None = None,
    title: str | None = None,
    url: str | None = None,
) -> TrackRow:
    """Change an added track; another `url` fetches it anew. What is None stays. Raises as `create`."""
    media = media_domain.load(media_id)
    track = load(media_id, track_id)
    before = values(track)
    if language_name is not None:
        track.language_name = _checked_name(media, track.type, language_name, but=track.id)
    if language_code is not None:
        track.language_code = checked_language_code(language_code)
    if title is not None:
        track.title = options.line("title", title)
    if url:
        track.url = options.web_address("url", url)
        lifecycle.restart(track)
        _enqueue(media, track)
    db.session.flush()
    described(media, track, before=before, after=values(track))
    events.track(media, track, "updated")
    return queries.as_dict(track)


@action("media.edit")
def retry(media_id: UUID, track_id: UUID) -> TrackRow:
    """Prepare a track that failed once more. Raises `Missing`, `WrongState` unless it failed; `NotOffered` without a model."""
    media = media_domain.load(media_id)
    track = load(media_id, track_id)
    if track.status != FAILED:
        raise WrongState("Only a track that failed can be tried again.")
    if track.is_generated:
        check_offered(track.language_code)
        if media.status == MEDIA_FAILED:
            raise WrongState(
                "Processing of this media failed. Try that again first; the captions follow by themselves."
            )
    before, former = values(track), queue.find(track.job_id) if track.job_id else None
    lifecycle.restart(track, is_generated=track.is_generated)
    if not track.is_generated:
        _enqueue(media, track)
    elif media.status == MEDIA_READY:
        sound_id = former.args.get("sound_id") if former else None
        lifecycle.listen(media, track, UUID(sound_id) if sound_id else None)
    if former:
        queue.forget(former.id)
    db.session.flush()
    described(media, track, before=before, after=values(track))
    events.track(media, track, "updated")
    return queries.as_dict(track)


@action("media.edit")
def delete(media_id: UUID, track_id: UUID) -> None:
    """Delete an added track with its files. Raises `Missing`, `WrongState` for the media's own picture and sound."""
    media = media_domain.load(media_id)
    track = load(media_id, track_id)
    described(media, track, before=values(track))
    folder = {"folder": f"{media.folder}/tracks/{track.id}"}
    queue.enqueue("storage.remove", folder, organization_id=media.organization_id)
    db.session.delete(track)
    db.session.flush()
    events.track(media, track, "deleted")


def add(
    media: Media,
    type: str,
    url: str,
    language_code: str,
    language_name: str,
    title: str = "",
    file: bytes | None = None,
) -> Track:
    """The row of a new track and the job that prepares it. Not a verb. Raises as `create`."""
    playback_rules.choose("type", type, ("audio", "subtitle"))
    _check_number(media)
    track = Track(
        media_id=media.id,
        workspace_id=media.workspace_id,
        type=type,
        url="" if file is not None else options.web_address("url", url),
        language_code=checked_language_code(language_code),
        language_name=_checked_name(media, type, language_name),
        title=options.line("title", title),
        is_added=True,
    )
    db.session.add(track)
    db.session.flush()
    if file is not None:
        storage.get().write(source_key(media.folder, track.id), file)
    _enqueue(media, track)
    return track


def add_captions(media: Media, language_code: str, language_name: str, title: str = "") -> Track:
    """The row of captions that are to be made of what is said. Not a verb. Raises as `create`."""
    _check_number(media)
    track = Track(
        media_id=media.id,
        workspace_id=media.workspace_id,
        type="subtitle",
        language_code=checked_language_code(language_code),
        language_name=_checked_name(media, "subtitle", language_name),
        title=options.line("title", title),
        is_added=True,
        is_generated=True,
    )
    db.session.add(track)
    db.session.flush()
    return track


def source_key(folder: str, track_id: UUID) -> str:
    """Where the bytes that were sent for a track lie."""
    return f"{folder}/tracks/{track_id}/source"


def look(track_id: UUID) -> TrackRow | None:
    """The track for the job; None when it was deleted."""
    track = db.session.scalar(sa.select(Track).where(Track.id == track_id))
    return None if track is None else queries.as_dict(track)


def wait(media_id: UUID, track_id: UUID) -> None:
    """Prepare the track a little later: its media is not made yet. Not a verb. Raises `Missing`."""
    _enqueue(media_domain.load(media_id), load(media_id, track_id), run_at=now() + WAIT)


def _enqueue(media: Media, track: Track, run_at: datetime | None = None) -> None:
    args = {"media_id": str(media.id), "track_id": str(track.id)}
    most, here = media_lifecycle.MOST_ATTEMPTS, media.organization_id
    track.job_id = queue.enqueue("media.track", args, organization_id=here, run_at=run_at, max_attempts=most)


def _check_number(media: Media) -> None:
    if len(list(db.session.scalars(_ALL, {"media_id": media.id}))) >= rules.MOST:
        raise Refused(f"A media has at most {rules.MOST} tracks. Delete one first.")


def load(media_id: UUID, track_id: UUID) -> Track:
    track = db.session.scalar(_ONE, {"media_id": media_id, "track_id": track_id})
    if track is None:
        raise Missing("There is no such track of this media.")
    if not track.is_added:
        raise WrongState("This is the media's own picture or sound, not an added track.")
    return track


def _checked_name(media: Media, type: str, name: str, but: UUID | None = None) -> str:
    """The name, if no other added track of this type has it: an English sound and English subtitles stand side by side."""
    checked_language_name(name)
    for track in db.session.scalars(_ALL, {"media_id": media.id}):
        if track.is_added and track.type == type and track.language_name == name and track.id != but:
            raise WrongState("duplicate languageName: the media has a track of this kind with this name already.")
    return name


def values(track: Track) -> dict[str, Any]:
    """What the audit log says of a track."""
    return {"type": track.type, "language": track.language_code, "name": track.language_name, "title": track.title}


def described(media: Media, track: Track, **changes: Any) -> None:
    """Tell the audit log of a change of a track."""
    describe("track", track.id, media.title or media.source_name, workspace_id=media.workspace_id, **changes)
