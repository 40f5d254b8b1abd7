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
from pathlib import Path
from threading import RLock

from fastpix.errors import Missing, TooMany
from fastpix.storage import instance as storage

# Bytes. Each process looks when it has added 20 MiB, so the folder stays below 500 MiB.
SWEPT_TO, SWEEP_EVERY = 440 << 20, 20 << 20
MAKERS, MOST_WAITING = 2, 16
LONGEST_SECONDS = 90
STALE_SECONDS = 3600
_WORK = "making-"
_SEGMENT = re.compile(r"#EXTINF:([0-9.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\s]+)")
_INIT = re.compile(r'#EXT-X-MAP:URI="([^"]+)"')

Make = Callable[[Path, Path], None]

_pool = ThreadPoolExecutor(MAKERS, "fastpix-images")
_under_way: dict[str, Future[Path]] = {}
_lock = RLock()
_since_sweep = {"bytes": SWEEP_EVERY}  # a process that begins looks first


def kept(name: str, make: Make) -> Path:
    """The picture of that name; `make(scratch folder, where to)` is called where nobody has made it yet.

    Requests for the same picture wait for one maker. Raises `TooMany` where too many others are asked for, and what
    `make` raises.
    """
    path = folder() / name
    with suppress(FileNotFoundError):
        os.utime(path)  # the sweep takes those first that nobody asked for
        return path
    with _lock:
        future = _under_way.get(name)
        if future is None:
            if len(_under_way) >= MOST_WAITING:
                raise TooMany("Many pictures are being made just now. Try again in a moment.", 2)
            future = _under_way[name] = _pool.submit(_make, path, make)
            future.add_done_callback(lambda _done: _ended(name))
    return future.result(LONGEST_SECONDS)


def folder() -> Path:
    """Where the pictures are kept."""
    return storage.get().work_folder("images")


def forget() -> None:
    """Look at the folder before the next picture: it may be another one. Called when the application is configured."""
    _since_sweep["bytes"] = SWEEP_EVERY


def excerpt(rendition: str, start: float, end: float, to: Path) -> tuple[float, float]:
    """Write the initialization and the segments of `start` to `end` (seconds) as one file `to`.

    `rendition` is the storage prefix of its playlist. Returns the seconds at which the file begins and ends. Raises `Missing`.
    """
    store = storage.get()
    playlist = store.read_bytes(f"{rendition}/index.m3u8").decode()
    init, found = _INIT.search(playlist), _segments(playlist)
    wanted = [each for each in found if each[1] > start and each[0] <= end] or found[-1:]
    if init is None or not wanted:
        raise Missing("There are no pictures in this media.")
    with to.open("wb") as file:
        for name in (init[1], *(name for _, _, name in wanted)):
            for piece in store.read(f"{rendition}/{name}"):
                file.write(piece)
    return wanted[0][0], wanted[-1][1]


def sweep(place: Path, largest: int = SWEPT_TO) -> None:
    """Remove the pictures that were not asked for longest, until the rest has at most that many bytes."""
    found: list[tuple[float, int, Path]] = []
    for entry in os.scandir(place):
        with suppress(FileNotFoundError):
            told = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                if entry.name.startswith(_WORK) and told.st_mtime < time.time() - STALE_SECONDS:
                    shutil.rmtree(entry.path, ignore_errors=True)  # whoever made something there was killed
                continue
            found.append((told.st_mtime, told.st_size, Path(entry.path)))
    size = math.fsum(size for _, size, _ in found)
    for _, bytes_, path in sorted(found):
        if size <= largest:
            break
        path.unlink(missing_ok=True)
        size -= bytes_


def _segments(playlist: str) -> list[tuple[float, float, str]]:
    """Begin and end in seconds, and the name, of each segment."""
    found, at = [], 0.0
    for length, name in _SEGMENT.findall(playlist):
        found.append((at, at + float(length), name))
        at += float(length)
    return found


def _make(path: Path, make: Make) -> Path:
    if path.exists():  # made while this waited for a maker
        return path
    with tempfile.TemporaryDirectory(prefix=_WORK, dir=path.parent) as scratch:
        made = Path(scratch) / path.name
        make(Path(scratch), made)
        size = made.stat().st_size
        os.replace(made, path)
    with _lock:
        _since_sweep["bytes"] += size
        is_due = _since_sweep["bytes"] >= SWEEP_EVERY
        if is_due:
            _since_sweep["bytes"] = 0
    if is_due:
        sweep(path.parent)
    return path


def _ended(name: str) -> None:
    with _lock:
        _under_way.pop(name, None)
