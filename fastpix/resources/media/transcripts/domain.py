"""Keeps what is said in a track, and forgets it: the only writer of these tables. No verb: whatever changes a track calls it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.media.tracks.models import Track
from fastpix.resources.media.transcripts.models import TrackWord, Transcript
from fastpix.text import spoken_words
from fastpix.video import subtitle_markup
from fastpix.video.cues import Cue


def keep(track: Track, cues: Iterable[Cue]) -> None:
    """These are the captions of the track from now on."""
    forget(track.id)
    sentences = [(round(cue.begin, 3), subtitle_markup.plain(cue.text)) for cue in cues]
    here = {"track_id": track.id, "media_id": track.media_id, "workspace_id": track.workspace_id}
    db.session.add(Transcript(**here, sentences=sentences))
    words = spoken_words.of(text for _, text in sentences)
    db.session.add_all(TrackWord(**here, word=word) for word in sorted(words))
    db.session.flush()


def forget(track_id: UUID) -> None:
    """The track says nothing any more: it is made anew."""
    for table in (TrackWord, Transcript):
        statement = sa.delete(table).where(table.track_id == track_id)
        db.session.execute(statement.execution_options(synchronize_session=False))
