"""The worker's job that prepares added subtitles and sounds."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.config import instance
from fastpix.db import db, transaction
from fastpix.errors import FastpixError, Missing, NoRoom, for_people
from fastpix.jobs import filling, queue
from fastpix.jobs.models import FAILED as JOB_FAILED
from fastpix.jobs.models import Job
from fastpix.resources.media import jobs, origin
from fastpix.resources.media import lifecycle as media_lifecycle
from fastpix.resources.media.lifecycle import Work
from fastpix.resources.media.models import UNDER_WAY
from fastpix.resources.media.source import fetch
from fastpix.resources.media.tracks import domain, lifecycle, rules
from fastpix.resources.media.tracks.models import Track, TrackDetails, TrackRow
from fastpix.storage import instance as storage
from fastpix.video import probe, tracks, webvtt
from fastpix.video.cues import Cue
from fastpix.video.datatypes import Failed, Unplayable

GAVE_UP = "This was tried several times, and never came to an end. Try again, or add another file."
Args = Mapping[str, Any]
# Takes the folder, the media and the track.
Maker = Callable[[Path, Work, TrackRow], TrackDetails]


def prepare(args: Args) -> None:
    """Prepare an added track: subtitles become WebVTT, a sound becomes segments. What is too early comes again."""
    media_id, track_id = UUID(args["media_id"]), UUID(args["track_id"])
    with transaction():
        work, track = media_lifecycle.look(media_id), domain.look(track_id)
        is_early = work is not None and track is not None and _is_early(work, track)
        if is_early:
            domain.wait(media_id, track_id)
    if not is_early:
        make(args, _prepared)


def make(args: Args, maker: Maker) -> None:
    """Have `maker` write a track's files into a folder, and make it available with them, or failed with the reason."""
    media_id, track_id = UUID(args["media_id"]), UUID(args["track_id"])
    with transaction():
        work, track = media_lifecycle.look(media_id), domain.look(track_id)
    if work is None or track is None:
        return
    store, version = storage.get(), secrets.token_hex(6)
    for left in store.work_root.glob(f"{track_id}-*"):  # by a worker that was killed
        shutil.rmtree(left, ignore_errors=True)
    folder = store.work_folder(f"{track_id}-{version}")
    try:
        with filling.with_room(), queue.while_wanted(lambda: lifecycle.is_there(track_id)):
            details = maker(folder, work, track)
            cues = _cues(folder)
            store.add_folder(folder, f"{work.folder}/tracks/{track_id}/{version}")
        lifecycle.prepared(track_id, version, details, cues)
    except (Unplayable, Failed, fetch.Unreachable) as problem:
        lifecycle.failed(track_id, str(problem))
    except Missing:  # the track or its media was deleted meanwhile
        store.delete_folder(f"{work.folder}/tracks/{track_id}")
    except FastpixError as problem:
        if queue.attempt() < jobs.MOST_TRIES or (isinstance(problem, NoRoom) and not queue.is_last_attempt()):
            raise
        lifecycle.failed(track_id, f"This did not work after several tries. {for_people(problem)}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cues(folder: Path) -> list[Cue]:
    """The captions of subtitles that were just made; of a sound there are none."""
    made = folder / tracks.SUBTITLES
    return webvtt.read(made.read_text("utf-8")) if made.exists() else []


def fail_abandoned() -> int:
    """Fail the tracks whose job gave up, with its worker or by a fault of ours: nobody else would say so. How many."""
    kinds = ("media.track", "media.captions")
    with tenancy.everywhere("housekeeping looks at the jobs of all organizations"):
        rows = db.session.execute(sa.select(Job.id, Job.args).where(Job.state == JOB_FAILED, Job.kind.in_(kinds))).all()
        given_up = {row.id: UUID(row.args["track_id"]) for row in rows}
        here = sa.select(Track.id, Track.organization_id, Track.job_id).where(Track.id.in_(set(given_up.values())))
        preparing = db.session.execute(here.where(Track.status == rules.PREPARING)).all()
    abandoned = [track for track in preparing if track.job_id in given_up]
    for track in abandoned:
        with principal.acting(principal.system("worker", track.organization_id)):
            lifecycle.failed(track.id, GAVE_UP)
            db.session.flush()
    return len(abandoned)


def _is_early(work: Work, track: TrackRow) -> bool:
    """Whether what the track has to fit is not made yet: subtitles are as long as the media, sounds begin with it too."""
    return work.status in UNDER_WAY and (track["type"] == "audio" or not work.duration)


def _prepared(folder: Path, work: Work, track: TrackRow) -> TrackDetails:
    source = _source_of(work, track, folder)
    details = (subtitles if track["type"] == "subtitle" else _sound)(source, folder, work, track)
    source.unlink()
    return details


def _source_of(work: Work, track: TrackRow, folder: Path) -> Path:
    """The track's bytes as a local file; fetched first when it was named by an address."""
    store = storage.get()
    key, to = domain.source_key(work.folder, track["id"]), folder / "source"
    if track["url"]:
        incoming = f"uploads/{track['id']}"
        limit = rules.LARGEST_SUBTITLES if track["type"] == "subtitle" else instance.settings().upload_limit
        fetch.fetch_to(incoming, track["url"], limit)
        store.complete(incoming, key)
    try:
        store.fetch(key, to)
    except Missing:
        raise fetch.Unreachable("The file that was sent is not in the storage any more. Send it again.") from None
    return to


def subtitles(source: Path, folder: Path, work: Work, track: TrackRow) -> TrackDetails:
    """Write the subtitles in the file `source` as the track plays them. Raises Unplayable."""
    if source.stat().st_size > rules.LARGEST_SUBTITLES:
        raise Unplayable(f"Subtitles may have at most {rules.LARGEST_SUBTITLES >> 20} MB.")
    cleaned = tracks.subtitles(source.read_bytes(), track["language_code"])
    (folder / "subtitles.vtt").write_text(cleaned.text, "utf-8")
    duration = _duration(work)
    (folder / "index.m3u8").write_text(tracks.subtitle_playlist(duration), "utf-8")
    return {"duration": duration, "notices": list(cleaned.notices)}


def _sound(source: Path, folder: Path, work: Work, _track: TrackRow) -> TrackDetails:
    longest = instance.settings().longest_media_seconds
    facts = probe.probe(source, max_seconds=longest, should_stop=queue.stopper())
    if not facts.audio:
        raise Unplayable("There is no sound in this file.")
    track = tracks.audio_track(
        source,
        folder,
        _duration(work) or facts.duration,
        facts=facts,
        origin=origin.of(work, folder),
        should_stop=filling.stopper(),
    )
    return {"codecs": track.codecs, "bandwidth": track.bandwidth}


def _duration(work: Work) -> float:
    return work.duration or 0.0
