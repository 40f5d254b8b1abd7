"""The worker's jobs on media: receive and examine the source, make what plays, downloads, tracks; remove bytes.

Every job bears being run again: each attempt writes to a folder of its own, and one row update makes it valid. No
transaction stays open while ffmpeg or the network works.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from fastpix.db import db, transaction
from fastpix.errors import FastpixError
from fastpix.jobs import queue
from fastpix.jobs.queue import Interrupted
from fastpix.resources.media import processing, sources
from fastpix.resources.media.models import PROCESSING, READY, RECORDING, VALIDATING
from fastpix.resources.media.processing import Work
from fastpix.storage import instance as storage
from fastpix.video import pipeline, probe
from fastpix.video.facts import Facts, Failed, Stopped, Unplayable, Wish

PROGRESS_EVERY = 2.0
# How often a job is tried whose own code fails; what cannot get better by itself fails at once.
MOST_TRIES = 4
longest_seconds = 43_200.0
LONGEST_BROADCAST = 7 * 86_400.0

Args = Mapping[str, Any]


def ingest(args: Args) -> None:
    """Receive the source and examine it; then the media waits for `process`."""
    work = _begin(args)
    if work is None:
        return
    with _failing(work):
        sources.receive(work, reporter(work.id))
        with transaction():
            processing.mark(work.id, VALIDATING)
        with local_source(work) as path:
            found = probe.probe(path, max_seconds=_longest(work))
        processing.examined(work.id, _told(found))


def process(args: Args) -> None:
    """Make renditions, poster and sprite, and publish them all at once."""
    work = _begin(args)
    if work is None or work.status == READY:
        return
    with transaction():
        processing.mark(work.id, PROCESSING, "Processing began.", percent=0)
    _clean(work)
    version = secrets.token_hex(6)
    folder = storage.get().work_folder(f"{work.id}-{version}")
    try:
        with _failing(work), local_source(work) as path:
            facts = probe.probe(path, max_seconds=_longest(work))
            made = pipeline.process(path, folder, facts, _wish(work), reporter(work.id), queue.stopper())
            if queue.should_stop():
                raise Interrupted
            storage.get().add_folder(folder, f"{work.folder}/{version}")
            processing.publish(work.id, version, asdict(made), made.notices)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(args: Args) -> None:
    """Remove every byte of a folder whose row is gone; of a media also the pictures that viewers asked for."""
    store = storage.get()
    store.delete_folder(args["folder"])
    for picture in (store.work_root / "images").glob(f"{args['folder'].rpartition('/')[2]}-*"):
        picture.unlink(missing_ok=True)


@contextmanager
def local_source(work: Work) -> Iterator[Path]:
    """The source as a local file; fetched for the while where the storage is elsewhere."""
    here = storage.get().local_path(work.source_key)
    if here is not None:
        yield here
        return
    folder = storage.get().work_folder(f"{work.id}-{secrets.token_hex(6)}")
    try:
        storage.get().fetch(work.source_key, folder / "source")
        yield folder / "source"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reporter(media_id: UUID) -> Callable[[float], None]:
    """Takes the share done (0 to 1) and stores it as percent, at most every two seconds."""
    told = time.monotonic()

    def report(share: float) -> None:
        nonlocal told
        if time.monotonic() - told >= PROGRESS_EVERY:
            told = time.monotonic()
            with transaction():
                processing.progress(media_id, min(99, int(share * 100)))

    return report


@contextmanager
def _failing(work: Work) -> Iterator[None]:
    """Turn what went wrong into the media's reason; what may pass by itself is tried again, until the last attempt."""
    try:
        yield
    except Stopped:
        raise Interrupted from None
    except (Unplayable, Failed, sources.Unreachable) as problem:
        _give_up(work, str(problem), getattr(problem, "log", ()))
    except Interrupted:
        raise
    except Exception as problem:
        db.session.rollback()
        if _begin({"media_id": str(work.id)}) is None:  # deleted meanwhile: nothing of it may stay
            storage.get().delete_folder(work.folder)
            return
        if queue.attempt() < MOST_TRIES:
            raise
        words = str(problem) if isinstance(problem, FastpixError) else "The server made a mistake."
        if isinstance(problem, OSError) and problem.strerror:
            words = f"{problem.strerror}."  # without the path of a file of this server
        _give_up(work, f"This did not work after several tries. {words}", ())


def _longest(work: Work) -> float:
    """How long the media may be, in seconds: what was broadcast is kept whole."""
    return LONGEST_BROADCAST if work.source_kind == RECORDING else longest_seconds


def _give_up(work: Work, reason: str, log: tuple[str, ...]) -> None:
    with transaction():
        processing.fail(work.id, reason, log)


def _begin(args: Args) -> Work | None:
    with transaction():
        return processing.look(UUID(args["media_id"]))


def _clean(work: Work) -> None:
    """Remove what attempts that were cut off left of this media: here and in the storage."""
    store = storage.get()
    for left in store.work_root.glob(f"{work.id}-*"):
        shutil.rmtree(left, ignore_errors=True)
    keep = {"source", "tracks", work.version}
    tops = {entry.key.removeprefix(f"{work.folder}/").split("/")[0] for entry in store.list(work.folder)}
    for name in tops - keep:
        store.delete_folder(f"{work.folder}/{name}")


def _wish(work: Work) -> Wish:
    return Wish(int(work.max_resolution.removesuffix("p")), work.start_time, work.end_time, work.optimize_audio)


def _told(found: Facts) -> dict[str, Any]:
    """The columns of a media that probing fills."""
    video = found.video
    return {
        "container": found.container,
        "duration": found.duration,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "frame_rate": video.frame_rate if video else None,
        "is_audio_only": found.is_audio_only,
        "has_sound": bool(found.audio),
    }
