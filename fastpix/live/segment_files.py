"""The files of segments that are still being written: what came lies in them, whole to the last fragment, whoever is killed."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastpix.live.fmp4.muxer import Write
from fastpix.video.stretches import top_level

OPEN = ".open"  # behind a file's name until it is whole


@dataclass(frozen=True)
class Append:
    """What is to be written in a folder."""

    folder: Path
    write: Write


def apply(appends: Iterable[Append]) -> list[Exception | None]:
    """Write all of it, in order. For each, what went wrong: nothing of it is written then. Blocks."""
    return [_apply(each.folder, each.write) for each in appends]


def _apply(folder: Path, write: Write) -> OSError | None:
    path = folder / (write.name + OPEN)
    try:
        if write.data:
            _append(path, write.data)
        if write.is_whole:
            path.rename(folder / write.name)
    except OSError as problem:
        return problem
    return None


def _append(path: Path, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        begin, left = os.fstat(file).st_size, memoryview(data)
        try:
            while left:
                left = left[os.write(file, left) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, begin)
            raise
    finally:
        os.close(file)


def is_ours(folder: Path) -> bool:
    """Whether this process's predecessor wrote the segments of a folder by itself, and no ffmpeg is still at it."""
    return any(folder.glob(f"*{OPEN}"))


def finish(folder: Path) -> None:
    """Make segments of what an earlier run was writing: up to the last fragment that is whole."""
    for file in sorted(folder.glob(f"*{OPEN}")):
        end = _end(file)
        if end:
            os.truncate(file, end)
            file.rename(file.with_name(file.name.removesuffix(OPEN)))
        else:
            file.unlink()


def _end(path: Path) -> int:
    """Where the last fragment ends that is whole; 0 where there is none."""
    end, size = 0, path.stat().st_size
    with path.open("rb") as file, suppress(ValueError, struct.error):
        for name, place, length in top_level(file, size):
            if name == b"mdat" and place + length <= size:
                end = place + length
    return end
