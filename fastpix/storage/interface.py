"""What every storage can do: the interface that the local disk and S3 both keep to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

# How much is read or written at once, in bytes: small enough for many viewers, large enough for few system calls.
READ_BYTES = 256 * 1024
# The most that `read_bytes` takes into memory: playlists and pictures are far smaller, films are read in pieces.
LARGEST_WHOLE = 64 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """One stored file: `size` in bytes, `modified` with a time zone.

    Keys that start with `.appended/` are uploads being received, keys that start with `.work/` are files of work that
    runs or was cut off. Neither can be read by its key; `discard` and `delete_leftover` remove them.
    """

    key: str
    size: int
    modified: datetime


class Appender(Protocol):
    """Writes an object bit by bit, over many requests. Not for two threads at once: open two, that is safe."""

    @property
    def size(self) -> int:
        """How many bytes are there, counted from the start."""

    def write(self, offset: int, data: bytes) -> int:
        """Add `data`, which starts at byte `offset` of the object, and return the new size.

        Bytes that are there already are skipped: what was sent twice counts once. Raises ValueError when `offset` is
        beyond the size (there would be a hole), Missing when the upload was completed or discarded meanwhile.
        """


class Storage(Protocol):
    """Objects by key, such as `a1/b2/source`: safe segments (`keys.check`), or ValueError is raised.

    Where an object is not there, Missing is raised; where the disk or the S3 server fails, OSError with a sentence.
    No method holds more of an object in memory than a few pieces of 8 MiB.
    """

    @property
    def work_root(self) -> Path:
        """The local folder that holds all folders of work."""

    def local_path(self, key: str) -> Path | None:
        """The object as a file of this machine, to read only; None where the storage is elsewhere."""

    def size(self, key: str) -> int:
        """Bytes of the object."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Pieces of at most 256 KiB, from byte `start` on; `length` None reads to the end. Missing comes at once."""

    def read_bytes(self, key: str) -> bytes:
        """The whole of a small object. Raises Refused for one of more than 64 MiB."""

    def write(self, key: str, pieces: bytes | Iterable[bytes]) -> int:
        """Store an object and return its bytes. It is visible only when it is complete; what was there is replaced."""

    def add_folder(self, folder: Path, prefix: str) -> int:
        """Move all files of a local folder to keys under `prefix` and return their bytes; the folder is gone then.

        Raises ValueError, before anything is moved, for a name that is no safe segment and for links.
        """

    def add_file(self, path: Path, key: str) -> int:
        """Store a local file that changes no more, and return its bytes. It stays where it is; what was there is replaced.

        The object may be the very same file (hard link). Raises ValueError for what is no file, links among them.
        """

    def fetch(self, key: str, to: Path) -> None:
        """Make `to` a local copy of the object. It may be the very same file (hard link): read it, never change it."""

    def appender(self, key: str) -> AbstractContextManager[Appender]:
        """Go on with (or begin) writing `key`. Leaving makes what was written durable, also when an exception flies."""

    def appended(self, key: str) -> int:
        """Bytes that were appended to `key` so far; 0 where there are none."""

    def complete(self, key: str, to: str) -> int:
        """Turn what was appended to `key` into the object `to` and return its bytes. Raises Missing where is none."""

    def discard(self, key: str) -> int:
        """Forget what was appended to `key` and return how many bytes that freed."""

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Every file under the folder `prefix`, in no order; all there is, leftovers too, for an empty prefix."""

    def delete(self, key: str) -> None:
        """Remove an object. One that is not there is no error."""

    def delete_folder(self, prefix: str) -> int:
        """Remove all under `prefix` and return the bytes; what a crash leaves behind is found by `list`."""

    def delete_leftover(self, key: str) -> None:
        """Remove a file that `list` showed under `.work/` or `.appended/`. The caller knows that nobody works on it."""

    def check(self) -> str:
        """`ok`, or a sentence that says what is wrong and what to do. Writes and removes one small object."""

    def free_bytes(self) -> int | None:
        """Bytes left on the disk; None where nobody can know."""

    def work_folder(self, name: str) -> Path:
        """A local folder of that name to work in, made if needed; on the local disk `add_folder` of it is a rename."""
