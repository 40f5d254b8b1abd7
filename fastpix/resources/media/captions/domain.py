"""Captions made of what is said in a media: asked for, and made anew. They are a track of subtitles like any other."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import db
from fastpix.errors import Missing, Refused, WrongState
from fastpix.resources.media import domain as media_domain
from fastpix.resources.media.models import FAILED, READY, UPLOAD, URL, Media
from fastpix.resources.media.tracks import domain as tracks
from fastpix.resources.media.tracks import events, lifecycle, queries
from fastpix.resources.media.tracks.models import AVAILABLE, PREPARING, Track, TrackRow
from fastpix.resources.media.tracks.rules import MOST
from fastpix.resources.workspaces import domain as workspaces
from fastpix.video import speech

_OF_MEDIA = sa.select(Track).where(Track.media_id == sa.bindparam("media_id"))


@action("media.edit")
def generate(
    media_id: UUID,
    sound_id: UUID | None,
    language_code: str,
    language_name: str,
    *,
    title: str = "",
    is_anew: bool = False,
) -> TrackRow:
    """Have captions made of the sound `sound_id` (None: the media's own), which is spoken in this language.

    Of a media that is not ready yet they are made when it is. `is_anew`: those of this name that were made before are
    replaced. Raises `NotOffered` where this server has no speech model; `Missing`; `Invalid` for a language that
    nobody knows; `Refused` while they are being made; `WrongState` for a language name that is there already, and what is no sound.
    """
    media = media_domain.load(media_id)
    speech.check_offered(language_code)
    sound = _sound(media, sound_id)
    track = _made_before(media, language_name) if is_anew else None
    if track and track.status == PREPARING:
        raise Refused(f"The captions called {language_name} are being made already.")
    before = tracks.values(track) if track else None
    if track:
        track.language_code = language_code
        lifecycle.restart(track, is_generated=True)
    else:
        track = tracks.add_captions(media, language_code, language_name, title)
    if media.status == READY:
        lifecycle.listen(media, track, sound.id if sound.is_added else None)
    tracks.described(media, track, before=before, after=tracks.values(track))
    events.track(media, track, "updated" if before else "created")
    return queries.as_dict(track)


def by_default(media_id: UUID) -> None:
    """The media is ready: have captions made of it, if its workspace wants that of every upload. Not a verb: for the worker.

    Not where some of this language, or others, were asked for; nor where this server cannot make any.
    """
    media = media_domain.load(media_id)
    code, name = workspaces.captions_of(media.workspace_id)
    if not code or not media.has_sound or media.source_kind not in (UPLOAD, URL) or speech.missing():
        return
    rows = db.session.scalars(_OF_MEDIA, {"media_id": media_id}).all()
    if len(rows) < MOST and not any(row.is_generated or row.language_name == name for row in rows):
        track = tracks.add_captions(media, code, name)
        lifecycle.listen(media, track)
        events.track(media, track, "created")


def _sound(media: Media, sound_id: UUID | None) -> Track:
    if media.status == FAILED:
        raise WrongState("Processing of this media failed, so there is nothing to listen to.")
    rows = db.session.scalars(_OF_MEDIA, {"media_id": media.id}).all()
    chosen = [row for row in rows if (row.id == sound_id if sound_id else row.type == "audio" and not row.is_added)]
    if not chosen:
        raise Missing("There is no such sound of this media.")
    if chosen[0].type != "audio":
        raise WrongState("This track is no sound. Name a track of the media whose type is audio.")
    if chosen[0].is_added and chosen[0].status != AVAILABLE:
        raise WrongState("This sound is not ready yet.")
    return chosen[0]


def _made_before(media: Media, language_name: str) -> Track | None:
    here = _OF_MEDIA.where(Track.is_generated, Track.language_name == language_name)
    return db.session.scalar(here, {"media_id": media.id})
