"""A storage that says what went wrong in words for those who wait for it: whatever the disk or S3 answers is
`StorageFailed`, or `NoRoom` for a disk that is full."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from fastpix.errors import NoRoom, StorageFailed
from fastpix.storage.interface import Appender, Entry, Storage
from fastpix.storage.local import LocalStorage

T = TypeVar("T")
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def saying() -> Iterator[None]:
    """Inside, an OSError of a disk or a bucket is said in words: without names of folders and servers, for strangers."""
    try:
        yield
    except StorageFailed:
        raise
    except OSError as problem:
        if problem.errno in FULL:
            raise NoRoom(
                "The server's disk is full. It can go on once whoever runs the server has freed space."
            ) from problem
        reason = os.strerror(problem.errno) if problem.errno else "its server does not answer as it should"
        if problem.errno == errno.ENOENT:
            reason = "its folder is not there"
        raise StorageFailed(
            f"The storage of the media does not work just now: {reason}. Nothing was changed; try again in a few minutes. "
            "Whoever runs the server finds more in its log, and by fastpix doctor."
        ) from problem


class SayingStorage:
    """Another storage, whose failures are said in words."""

    def __init__(self, within: Storage) -> None:
        self.within = within

    @property
    def work_root(self) -> Path:
        return self.within.work_root

    def local_path(self, key: str) -> Path | None:
        with saying():
            return self.within.local_path(key)

    def size(self, key: str) -> int:
        with saying():
            return self.within.size(key)

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        with saying():
            return _each(self.within.read(key, start, length))

    def read_bytes(self, key: str) -> bytes:
        with saying():
            return self.within.read_bytes(key)

    def write(self, key: str, pieces: bytes | Iterable[bytes]) -> int:
        with saying():
            return self.within.write(key, pieces)

    def add_folder(self, folder: Path, prefix: str) -> int:
        with saying():
            return self.within.add_folder(folder, prefix)

    def add_file(self, path: Path, key: str) -> int:
        with saying():
            return self.within.add_file(path, key)

    def fetch(self, key: str, to: Path) -> None:
        with saying():
            self.within.fetch(key, to)

    def appender(self, key: str) -> AbstractContextManager[Appender]:
        return _SayingAppender(self.within.appender(key))

    def appended(self, key: str) -> int:
        with saying():
            return self.within.appended(key)

    def complete(self, key: str, to: str) -> int:
        with saying():
            return self.within.complete(key, to)

    def discard(self, key: str) -> int:
        with saying():
            return self.within.discard(key)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        with saying():
            return _each(self.within.list(prefix))

    def delete(self, key: str) -> None:
        with saying():
            self.within.delete(key)

    def delete_folder(self, prefix: str) -> int:
        with saying():
            return self.within.delete_folder(prefix)

    def delete_leftover(self, key: str) -> None:
        with saying():
            self.within.delete_leftover(key)

    def check(self) -> str:
        return self.within.check()

    def free_bytes(self) -> int | None:
        with saying():
            return self.within.free_bytes()

    def work_folder(self, name: str) -> Path:
        with saying():
            return self.within.work_folder(name)


def on_disk(storage: Storage) -> LocalStorage | None:
    """The storage on the local disk that this is, or speaks for; None for one that is elsewhere."""
    within = storage.within if isinstance(storage, SayingStorage) else storage
    return within if isinstance(within, LocalStorage) else None


class _SayingAppender:
    """What its user raises meanwhile, such as a client that went away, is passed on as it is."""

    def __init__(self, opened: AbstractContextManager[Appender]) -> None:
        self._opened = opened

    def __enter__(self) -> _SayingAppender:
        with saying():
            self._within = self._opened.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._opened.__exit__(kind, problem, trace)
        except OSError as other:
            if other is problem:
                return
            with saying():
                raise

    @property
    def size(self) -> int:
        with saying():
            return self._within.size

    def write(self, offset: int, data: bytes) -> int:
        with saying():
            return self._within.write(offset, data)


def _each(pieces: Iterator[T]) -> Iterator[T]:
    with saying():
        yield from pieces
