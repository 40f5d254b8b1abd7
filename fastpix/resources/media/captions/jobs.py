"""The worker's job that listens to a media and writes its captions. It begins anew when its worker was killed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from fastpix.config import instance
from fastpix.db import transaction
from fastpix.jobs import filling
from fastpix.resources.media import jobs
from fastpix.resources.media.lifecycle import Work
from fastpix.resources.media.tracks import domain, lifecycle
from fastpix.resources.media.tracks import jobs as tracks_jobs
from fastpix.resources.media.tracks.models import TrackDetails, TrackRow
from fastpix.video import cues, speech
from fastpix.video.datatypes import Unplayable


def make(args: Mapping[str, Any]) -> None:
    """Write the captions of a media that is ready, from its own sound or the one that is named."""
    sound_id = args["sound_id"]
    tracks_jobs.make(args, partial(_captions, sound_id=UUID(sound_id) if sound_id else None))


def _captions(folder: Path, work: Work, track: TrackRow, *, sound_id: UUID | None) -> TrackDetails:
    aside = folder / "aside"
    aside.mkdir()
    try:
        words = _words(aside, work, track, sound_id)
        (aside / "source").write_text(cues.webvtt(words), "utf-8")
        return tracks_jobs.subtitles(aside / "source", folder, work, track)
    finally:
        shutil.rmtree(aside)  # what is left in the folder is the track


def _words(folder: Path, work: Work, track: TrackRow, sound_id: UUID | None) -> list[cues.Word]:
    samples, stop = folder / "samples", filling.stopper()
    speech.sound(jobs.local_folder(_sound(work, sound_id), folder), samples, should_stop=stop)
    model, language = Path(instance.settings().captions_model), speech.language_of(track["language_code"])
    report = jobs.reporter(track["id"], lifecycle.progress)
    return speech.words(samples, model, language, report=report, should_stop=stop)


def _sound(work: Work, sound_id: UUID | None) -> str:
    """Where the sound is stored: every rendition of a media has it, so the smallest will do."""
    if sound_id is None:
        smallest = min(work.renditions, key=lambda rendition: rendition["size"])
        return f"{work.folder}/{work.version}/{smallest['name']}"
    with transaction():
        sound = domain.look(sound_id)
    if sound is None:
        raise Unplayable("The sound was deleted meanwhile.")
    return f"{work.folder}/tracks/{sound_id}/{sound['version']}"
