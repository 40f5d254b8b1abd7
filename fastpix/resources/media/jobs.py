"""The worker's jobs on media: receive and examine the source, make what plays, remove bytes.

Every job bears being run again: each attempt writes to a folder of its own, and one row update makes it valid. No
transaction stays open while ffmpeg or the network works.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.config import instance
from fastpix.db import db, transaction
from fastpix.errors import FastpixError, NoRoom, for_people
from fastpix.jobs import filling, queue
from fastpix.jobs.models import FAILED as JOB_FAILED
from fastpix.jobs.models import Job
from fastpix.jobs.queue import Interrupted
from fastpix.resources.media import growing, lifecycle
from fastpix.resources.media.captions import domain as captions
from fastpix.resources.media.lifecycle import Probed, Produced, Work
from fastpix.resources.media.models import (
    PROCESSING,
    READY,
    RECORDING,
    UNDER_WAY,
    VALIDATING,
    Media,
    Sprite,
)
from fastpix.resources.media.source import fetch
from fastpix.resources.media.source.fetch import Fetchers
from fastpix.storage import instance as storage
from fastpix.video import datatypes, pipeline, probe
from fastpix.video.datatypes import Facts, Failed, Unplayable, Wish

PROGRESS_EVERY = 2.0
# How often a job is tried whose own code fails; what cannot get better by itself fails at once.
MOST_TRIES = 4
LONGEST_BROADCAST = 7 * 86_400.0
DIED = "Processing was tried several times, and the worker died each time. Try again, or send another file."

Args = Mapping[str, Any]


def ingest(args: Args, fetchers: Fetchers) -> None:
    """Receive the source and examine it; then the media waits for `process`.

    `fetchers` are the ways of sources that other resources know.
    """
    work = _begin(args)
    if work is None:
        return
    with _failing(work), wanted(work):
        fetch.receive(work, reporter(work.id), fetchers)
        with transaction():
            lifecycle.enter(work.id, VALIDATING)
        with local_source(work) as path:
            probed = probe.probe(path, max_seconds=_longest(work), should_stop=queue.stopper())
        lifecycle.examined(work.id, _probed(probed))


def process(args: Args) -> None:
    """Make renditions, poster and sprite. What is made of a ladder plays on the way; the media is Ready with everything."""
    work = _begin(args)
    if work is None or work.status == READY:
        return
    with transaction():
        lifecycle.enter(work.id, PROCESSING, "Processing began.", percent=0)
    _clean(work)
    version = secrets.token_hex(6)
    folder = storage.get().work_folder(f"{work.id}-{version}")
    try:
        with _failing(work), wanted(work), growing.shown(work, version) as show, local_source(work) as path:
            probed = probe.probe(path, max_seconds=_longest(work), should_stop=queue.stopper())
            wish, report, stop = _wish(work), reporter(work.id), filling.stopper()
            result = pipeline.process(path, folder, probed, wish, report, stop, show.take)
            if queue.should_stop():
                raise Interrupted
            show.leave_rest()
            storage.get().add_folder(folder, show.prefix)
            show.settle()
            lifecycle.publish(work.id, version, _produced(result), result.notices)
            captions.by_default(work.id)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(args: Args) -> None:
    """Remove every byte of a folder whose row is gone; of a media also the pictures that viewers asked for."""
    store = storage.get()
    store.delete_folder(args["folder"])
    for picture in (store.work_root / "images").glob(f"{args['folder'].rpartition('/')[2]}-*"):
        picture.unlink(missing_ok=True)


def fail_abandoned() -> int:
    """Fail the media whose job gave up with its worker: nobody else would say so. Returns how many."""
    given_up = sa.select(Job.id).where(Job.state == JOB_FAILED)
    with tenancy.everywhere("housekeeping looks at the jobs of all organizations"):
        abandoned = db.session.execute(
            sa.select(Media.id, Media.organization_id).where(Media.status.in_(UNDER_WAY), Media.job_id.in_(given_up))
        ).all()
    for media_id, organization_id in abandoned:
        with principal.acting(principal.system("worker", organization_id)):
            lifecycle.fail(media_id, DIED)
            db.session.flush()
    return len(abandoned)


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


def local_folder(prefix: str, into: Path) -> Path:
    """A stored rendition as a local folder; fetched into a folder in `into` where the storage is elsewhere."""
    store = storage.get()
    index = store.local_path(f"{prefix}/index.m3u8")
    if index is not None:
        return index.parent
    folder = into / prefix.rpartition("/")[2]
    folder.mkdir()
    for entry in store.list(prefix):
        store.fetch(entry.key, folder / entry.key.rpartition("/")[2])
    return folder


def reporter(of_id: UUID, progress: Callable[[UUID, int], None] = lifecycle.progress) -> Callable[[float], None]:
    """Takes the share done (0 to 1) and stores it as percent by `progress`, at most every two seconds."""
    stored_at = time.monotonic()

    def report(share: float) -> None:
        nonlocal stored_at
        if time.monotonic() - stored_at >= PROGRESS_EVERY:
            stored_at = time.monotonic()
            with transaction():
                progress(of_id, min(99, int(share * 100)))

    return report


def wanted(work: Work) -> AbstractContextManager[None]:
    """Inside, work breaks off when the media is gone, with whatever took it along."""
    return queue.while_wanted(lambda: lifecycle.is_there(work.id))


@contextmanager
def _failing(work: Work) -> Iterator[None]:
    """Turn what went wrong into the media's reason; what may pass by itself is tried again, until the last attempt."""
    try:
        with filling.with_room():
            yield
    except (Unplayable, fetch.Unreachable, Failed) as problem:
        _give_up(work, str(problem), getattr(problem, "log", ()))
    except Interrupted:
        raise
    except Exception as problem:
        db.session.rollback()
        still = _begin({"media_id": str(work.id)})
        if still is None:  # deleted meanwhile: nothing of it may stay
            storage.get().delete_folder(work.folder)
            return
        if isinstance(problem, NoRoom) and not queue.is_last_attempt():  # for most of a day
            with transaction():
                lifecycle.enter(work.id, still.status, f"This waits. {problem}")
            raise
        if queue.attempt() < MOST_TRIES:
            raise
        cause = for_people(problem) if isinstance(problem, FastpixError) else "The server made a mistake."
        if isinstance(problem, OSError) and problem.strerror:
            cause = f"{problem.strerror}."  # without the path of a file of this server
        _give_up(work, f"This did not work after several tries. {cause}", ())


def _longest(work: Work) -> float:
    """How long the media may be, in seconds: what was broadcast is kept whole."""
    return LONGEST_BROADCAST if work.source_kind == RECORDING else instance.settings().longest_media_seconds


def _give_up(work: Work, reason: str, log: tuple[str, ...]) -> None:
    with transaction():
        lifecycle.fail(work.id, reason, log)


def _begin(args: Args) -> Work | None:
    with transaction():
        return lifecycle.look(UUID(args["media_id"]))


def _clean(work: Work) -> None:
    """Remove what attempts that were cut off left of this media, which is not ready: here and in the storage."""
    store = storage.get()
    for left in store.work_root.glob(f"{work.id}-*"):
        shutil.rmtree(left, ignore_errors=True)
    keep = {"source", "tracks"}  # also what played already goes
    tops = {entry.key.removeprefix(f"{work.folder}/").split("/")[0] for entry in store.list(work.folder)}
    for name in tops - keep:
        store.delete_folder(f"{work.folder}/{name}")


def _wish(work: Work) -> Wish:
    return Wish(int(work.max_resolution.removesuffix("p")), work.start_time, work.end_time, work.optimize_audio)


def _probed(source: Facts) -> Probed:
    video = source.video
    return {
        "container": source.container,
        "duration": source.duration,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "frame_rate": video.frame_rate if video else None,
        "is_audio_only": source.is_audio_only,
        "has_sound": bool(source.audio),
    }


def _produced(result: datatypes.Result) -> Produced:
    return {
        "renditions": [growing.stored(each) for each in result.renditions],
        "sprite": _sprite(result.sprite) if result.sprite else None,
        "has_poster": result.has_poster,
        "duration": result.duration,
        "size": result.size,
    }


def _sprite(sprite: datatypes.Sprite) -> Sprite:
    return {
        "tile_width": sprite.tile_width,
        "tile_height": sprite.tile_height,
        "columns": sprite.columns,
        "rows": sprite.rows,
        "interval": sprite.interval,
        "count": sprite.count,
    }
