"""A file of the local disk that grows over many requests, also when two of them come at once."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fastpix.errors import Missing
from fastpix.storage.work import in_folder


class GrowingFile:
    """The appender of the local disk: an open file, locked for the moment of each write.

    The lock belongs to the open file, so it also keeps two appenders of one process apart.
    """

    def __init__(self, path: Path) -> None:
        self._file = _open(path)

    @property
    def size(self) -> int:
        return os.fstat(self._file).st_size

    def write(self, offset: int, data: bytes) -> int:
        # The system calls here are few on purpose: each one shows in the time that a large upload takes.
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            size = size_of_growing(self._file)
            if not 0 <= offset <= size:
                raise ValueError(f"bytes {size} to {offset} are missing")
            rest = memoryview(data)[size - offset :]
            # A disk that fills up takes a part: what it took is the beginning of what was sent, so it may stay.
            while rest:
                written = os.pwrite(self._file, rest, size)
                size, rest = size + written, rest[written:]
            return size
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Wait until the disk has everything."""
        try:
            os.fsync(self._file)
        finally:
            os.close(self._file)


def size_of_growing(file: int) -> int:
    """Bytes of a file that still grows; ask while it is locked. Raises Missing when it was finished or removed.

    Otherwise a connection that hung while the upload was completed could go on writing into the published object.
    """
    found = os.fstat(file)
    if not found.st_nlink or not found.st_mode & stat.S_IWUSR:
        raise Missing("This upload was completed or cancelled meanwhile. Begin a new one.")
    return found.st_size


@contextmanager
def taken(path: Path) -> Iterator[tuple[int, int]]:
    """The file that grew at `path`, open and locked, and its size. Raises Missing when there is none any more."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise Missing("Nothing was received for this upload.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file, size_of_growing(file)
    finally:
        os.close(file)


def finish(file: int) -> None:
    """Take the right to write away: that is how an appender which still holds the file sees that it is finished."""
    with suppress(PermissionError):  # file systems without such rights
        os.fchmod(file, os.fstat(file).st_mode & 0o555)


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return in_folder(path.parent, lambda: os.open(path, flags, 0o666))
