"""Pictures made on demand from a media's own segments: two at a time, and kept in a bounded folder of the local disk."""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from fastpix.config import instance
from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.errors import Missing, TooMany
from fastpix.storage import instance as storage
from fastpix.storage import room
from fastpix.storage.failing import saying

# Bytes. Each process looks when it has added 20 MiB, so the folder stays below 500 MiB.
LARGEST_AFTER_SWEEP, SWEEP_EVERY = 440 << 20, 20 << 20
MAKERS, MOST_WAITING = 2, 16
LONGEST_SECONDS = 90
STALE_SECONDS = 3600
_WORK = "making-"
_SEGMENT = re.compile(r"#EXTINF:([0-9.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\s]+)")
_INIT = re.compile(r'#EXT-X-MAP:URI="([^"]+)"')

Make = Callable[[Path, Path], None]

_pool = ThreadPoolExecutor(MAKERS, "fastpix-images")
_pending: dict[Path, Future[Path]] = {}
_lock = RLock()


@dataclass
class _Added:
    """Bytes since the folder was last looked at; a process that begins looks first."""

    bytes: int = SWEEP_EVERY


def _added(_settings: Settings) -> _Added:
    return _Added()


def get_or_make(name: str, make: Make) -> Path:
    """The picture of that name; `make(scratch folder, where to)` is called where nobody has made it yet.

    Requests for the same picture wait for one maker. Raises `TooMany` where too many others are asked for, `NoRoom`
    where the disk is full, and what `make` raises.
    """
    path = folder() / name
    with suppress(FileNotFoundError):
        os.utime(path)  # the sweep takes those first that nobody asked for
        return path
    with _lock:
        future = _pending.get(path)
        if future is None:
            if len(_pending) >= MOST_WAITING:
                raise TooMany("Many pictures are being made just now. Try again in a moment.", 2)
            future = _pending[path] = _pool.submit(_make, instance.current(), path, make)
            future.add_done_callback(lambda _done: _forget_pending(path))
    return future.result(LONGEST_SECONDS)


def folder() -> Path:
    """Where the pictures are kept."""
    return storage.get().work_folder("images")


def excerpt(rendition: str, start: float, end: float, to: Path) -> tuple[float, float]:
    """Write the initialization and the segments of `start` to `end` (seconds) as one file `to`.

    `rendition` is the storage prefix of its playlist. Returns the seconds at which the file begins and ends. Raises `Missing`.
    """
    store = storage.get()
    playlist = store.read_bytes(f"{rendition}/index.m3u8").decode()
    init, segments = _INIT.search(playlist), _segments(playlist)
    needed = [segment for segment in segments if segment[1] > start and segment[0] <= end] or segments[-1:]
    if init is None or not needed:
        raise Missing("There are no pictures in this media.")
    with to.open("wb") as file:
        for name in (init[1], *(name for _, _, name in needed)):
            for piece in store.read(f"{rendition}/{name}"):
                file.write(piece)
    return needed[0][0], needed[-1][1]


def sweep(place: Path, largest: int = LARGEST_AFTER_SWEEP) -> None:
    """Remove the pictures that were not asked for longest, until the rest has at most that many bytes."""
    pictures: list[tuple[float, int, Path]] = []
    for entry in os.scandir(place):
        with suppress(FileNotFoundError):
            status = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                if entry.name.startswith(_WORK) and status.st_mtime < time.time() - STALE_SECONDS:
                    shutil.rmtree(entry.path, ignore_errors=True)  # whoever made something there was killed
                continue
            pictures.append((status.st_mtime, status.st_size, Path(entry.path)))
    size = math.fsum(size for _, size, _ in pictures)
    for _, bytes_, path in sorted(pictures):
        if size <= largest:
            break
        path.unlink(missing_ok=True)
        size -= bytes_


def _segments(playlist: str) -> list[tuple[float, float, str]]:
    """Begin and end in seconds, and the name, of each segment."""
    segments, at = [], 0.0
    for length, name in _SEGMENT.findall(playlist):
        segments.append((at, at + float(length), name))
        at += float(length)
    return segments


def _make(running: Instance, path: Path, make: Make) -> Path:
    with instance.entered(running):  # the makers' threads belong to no application
        return _made(path, make)


def _made(path: Path, make: Make) -> Path:
    if path.exists():  # made while this waited for a maker
        return path
    room.check_work()
    with saying(), tempfile.TemporaryDirectory(prefix=_WORK, dir=path.parent) as scratch:
        scratch_file = Path(scratch) / path.name
        make(Path(scratch), scratch_file)
        size = scratch_file.stat().st_size
        os.replace(scratch_file, path)
    added = instance.part(_added)
    with _lock:
        added.bytes += size
        is_due = added.bytes >= SWEEP_EVERY
        if is_due:
            added.bytes = 0
    if is_due:
        sweep(path.parent)
    return path


def _forget_pending(path: Path) -> None:
    with _lock:
        _pending.pop(path, None)
