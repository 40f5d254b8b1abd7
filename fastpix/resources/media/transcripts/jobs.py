"""The worker's job that reads what is said in the subtitles of those who had some before search knew of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, transaction
from fastpix.errors import Missing
from fastpix.jobs import queue
from fastpix.resources.media.models import Media
from fastpix.resources.media.tracks.models import AVAILABLE, Track
from fastpix.resources.media.transcripts import domain
from fastpix.resources.media.transcripts.models import Transcript
from fastpix.storage import instance as storage
from fastpix.video import webvtt
from fastpix.video.tracks import SUBTITLES

KIND = "media.transcripts"
BATCH = 25


def fill(args: Mapping[str, Any]) -> None:
    """Some tracks of an organization, by id from `after` on; a job of its own goes on with the rest."""
    with transaction():
        tracks = _lacking(args.get("after"))
    for track_id, version, key in tracks:
        try:
            cues = webvtt.read(storage.get().read_bytes(key).decode())
        except Missing:
            continue
        with transaction():
            track = db.session.scalar(sa.select(Track).where(Track.id == track_id, Track.version == version))
            if track is not None:
                domain.keep(track, cues)
    if len(tracks) == BATCH:
        queue.enqueue(KIND, {"after": str(tracks[-1][0])}, organization_id=tenancy.organization_id())


def _lacking(after: str | None) -> list[tuple[UUID, str, str]]:
    """Subtitles of which nothing is kept: id, version and where their file lies."""
    has = sa.select(Transcript.track_id).where(Transcript.track_id == Track.id)
    some = sa.select(Track, Media).join(Media, Media.id == Track.media_id)
    some = some.where(Track.type == "subtitle", Track.status == AVAILABLE, ~has.exists())
    if after:
        some = some.where(Track.id > UUID(after))
    rows = db.session.execute(some.order_by(Track.id).limit(BATCH))
    return [
        (track.id, track.version, f"{media.folder}/tracks/{track.id}/{track.version}/{SUBTITLES}")
        for track, media in rows
    ]
