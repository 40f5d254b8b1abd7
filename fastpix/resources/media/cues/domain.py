"""The captions of a track: read, and saved as its WebVTT by somebody who saw what was there."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import affected_rows, db, now
from fastpix.errors import Invalid, Missing, Refused
from fastpix.jobs import queue
from fastpix.resources.media import domain as media_domain
from fastpix.resources.media.cues.rules import Stretch
from fastpix.resources.media.models import Media
from fastpix.resources.media.tracks import domain as tracks
from fastpix.resources.media.tracks import events, queries
from fastpix.resources.media.tracks.models import AVAILABLE, Track, TrackRow
from fastpix.resources.media.tracks.rules import LARGEST_SUBTITLES
from fastpix.resources.media.transcripts import domain as transcripts
from fastpix.storage import instance as storage
from fastpix.video import webvtt
from fastpix.video.cues import Cue
from fastpix.video.tracks import SUBTITLES, subtitle_playlist

# Players that are under way may still fetch what was there before.
KEPT = timedelta(hours=1)
NOT_THERE = "These subtitles are being prepared, or failed. They can be changed when they are available."
OVERTAKEN = (
    "Somebody saved these captions after you had opened them, and yours were not stored. What you typed is kept: "
    "save it again to replace what is stored of this page, or open it anew to see theirs."
)


@action("media.edit", changes=False)
def read(media_id: UUID, track_id: UUID) -> tuple[TrackRow, list[Cue]]:
    """The track with its captions; none while there are none yet, or where their file is gone. Raises `Missing`."""
    media, track = media_domain.load(media_id), tracks.load(media_id, track_id)
    if track.type != "subtitle":
        raise Missing("This track has no captions: it is a sound.")
    return queries.as_dict(track), _stored(media, track) if track.status == AVAILABLE else []


@action("media.edit")
def save(media_id: UUID, track_id: UUID, version: str, stretch: Stretch, cues: Sequence[Cue]) -> TrackRow:
    """Put these captions in the place of those of the stretch. `version` is the track's that the writer saw.

    Raises `Refused` where somebody else saved meanwhile; `Invalid` where none would be left or they are too large; `Missing`.
    """
    media, track = media_domain.load(media_id), tracks.load(media_id, track_id)
    if track.status != AVAILABLE:
        raise Refused(NOT_THERE)
    if track.version != version:
        raise Refused(OVERTAKEN)
    before = _stored(media, track)
    after = [cue for cue in before if not stretch.holds(cue)] + list(cues)
    text = webvtt.write(after)
    if not after:
        raise Invalid("cues", "Subtitles have at least one caption. To remove all, delete the track.")
    if len(text.encode()) > LARGEST_SUBTITLES:
        raise Invalid("cues", f"Subtitles may have at most {LARGEST_SUBTITLES >> 20} MB.")
    _replace(media, track, text)
    transcripts.keep(track, after)
    was, now_is = _values(track, before), _values(track, after)
    tracks.described(media, track, before=was, after=now_is)
    events.track(media, track, "updated")
    return queries.as_dict(track)


def _stored(media: Media, track: Track) -> list[Cue]:
    try:
        return webvtt.read(storage.get().read_bytes(f"{_folder(media, track)}/{SUBTITLES}").decode())
    except Missing:
        return []


def _replace(media: Media, track: Track, text: str) -> None:
    """Write the track's files anew, and make them valid, if nobody else did so meanwhile."""
    former, version = track.version, secrets.token_hex(6)
    prefix, store = f"{media.folder}/tracks/{track.id}", storage.get()
    store.write(f"{prefix}/{version}/{SUBTITLES}", text.encode())
    store.write(f"{prefix}/{version}/index.m3u8", subtitle_playlist(media.duration or 0.0).encode())
    claim = sa.update(Track).where(Track.id == track.id, Track.version == former, Track.status == AVAILABLE)
    if not affected_rows(claim.values(version=version).execution_options(synchronize_session="fetch")):
        store.delete_folder(f"{prefix}/{version}")
        raise Refused(OVERTAKEN)
    gone = {"folder": f"{prefix}/{former}"}
    queue.enqueue("storage.remove", gone, organization_id=media.organization_id, run_at=now() + KEPT)
    db.session.flush()


def _folder(media: Media, track: Track) -> str:
    return f"{media.folder}/tracks/{track.id}/{track.version}"


def _values(track: Track, cues: Collection[Cue]) -> dict[str, object]:
    return tracks.values(track) | {"captions": len(cues), "letters": sum(len(cue.text) for cue in cues)}
