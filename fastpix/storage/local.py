"""The storage on the local disk: an object is a file, and what is seen is always complete."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fastpix.errors import Missing, Refused
from fastpix.storage import keys
from fastpix.storage.appending import GrowingFile, finish, taken
from fastpix.storage.interface import LARGEST_WHOLE, READ_BYTES, Appender, Entry
from fastpix.storage.work import WorkFolders, check_file, files_in, in_folder

# What `link` answers where hard links do not work: another disk, a file system without them, too many, not our file.
NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS)


class LocalStorage:
    """Files under `root`. See `interface.Storage` for what the methods promise."""

    def __init__(self, root: Path) -> None:
        self._work = WorkFolders(root)
        self.root = self._work.root
        self.work_root = self._work.work_root
        self.work_folder = self._work.work_folder

    def local_path(self, key: str) -> Path | None:
        return self._file(key)[0]

    def size(self, key: str) -> int:
        return self._file(key)[1]

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        if start < 0 or (length is not None and length < 0):
            raise ValueError(f"cannot read {length} bytes from byte {start}")
        path, size = self._file(key)
        return _pieces(path, start, size - start if length is None else length)

    def read_bytes(self, key: str) -> bytes:
        path, size = self._file(key)
        if size > LARGEST_WHOLE:
            raise Refused(f"{key} has {size} bytes and is too large to be read at once.")
        return path.read_bytes()

    def write(self, key: str, pieces: bytes | Iterable[bytes]) -> int:
        place = self._place(key)
        size = 0
        with self._work.removed_after(self._work.temporary("write")) as temporary:
            with temporary.open("xb") as file:
                for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
                    size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            self._publish(temporary, place)
        return size

    def add_folder(self, folder: Path, prefix: str) -> int:
        place = self._place(prefix)
        files = files_in(folder, prefix)
        with self._on_this_disk(folder) as near:
            for name in files:
                _sync(near / name)
            for parent, _, _ in os.walk(near):
                _sync(Path(parent))
            if files and not place.exists():
                self._publish(near, place)
            else:
                for name in files:
                    self._publish(near / name, self._place(f"{prefix}/{name}"))
        shutil.rmtree(folder, ignore_errors=True)
        return sum(files.values())

    def add_file(self, path: Path, key: str) -> int:
        place = self._place(key)
        with self._work.removed_after(self._work.temporary("write")) as temporary:
            link_or_copy(check_file(path), temporary)
            _sync(temporary)
            size = temporary.stat().st_size
            self._publish(temporary, place)
        return size

    def fetch(self, key: str, to: Path) -> None:
        path, _ = self._file(key)
        to.unlink(missing_ok=True)
        link_or_copy(path, to)

    @contextmanager
    def appender(self, key: str) -> Iterator[Appender]:
        growing = GrowingFile(self._place(key, keys.APPENDED))
        try:
            yield growing
        finally:
            growing.close()

    def appended(self, key: str) -> int:
        try:
            return self._place(key, keys.APPENDED).lstat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def complete(self, key: str, to: str) -> int:
        path, place = self._place(key, keys.APPENDED), self._place(to)
        with taken(path) as (file, size):
            if not size:
                raise Missing(f"Nothing was received for {key}.")
            os.fsync(file)
            self._publish(path, place)
            finish(file)
        self._work.prune(path.parent)
        return size

    def discard(self, key: str) -> int:
        path = self._place(key, keys.APPENDED)
        # Somebody else completed or discarded it: then nothing is left to free.
        with suppress(Missing), taken(path) as (_, size):
            self._work.remove(path)
            return size
        return 0

    def list(self, prefix: str = "") -> Iterator[Entry]:
        return self._work.entries(self._place(prefix) if prefix else self.root)

    def delete(self, key: str) -> None:
        # A folder is no object, and behind a file there is none.
        with suppress(NotADirectoryError, IsADirectoryError):
            self._work.remove(self._place(key))

    def delete_folder(self, prefix: str) -> int:
        place = self._place(prefix)
        if place.is_symlink() or not place.is_dir():
            return 0
        removed = self._work.temporary("deleted")
        # Renamed first: the folder goes at one moment, and what a crash leaves of it can be told from what is in use.
        try:
            os.rename(place, removed)
        except FileNotFoundError:
            return 0  # somebody else was quicker
        self._work.prune(place.parent)
        size = sum(entry.size for entry in self._work.entries(removed))
        shutil.rmtree(removed)
        return size

    def delete_leftover(self, key: str) -> None:
        self._work.delete_leftover(key)

    def check(self) -> str:
        try:
            with self._work.removed_after(self._work.temporary("check")) as path, path.open("xb") as file:
                file.write(b"fastpix")
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            return (
                f"The storage folder {self.root} cannot be written: {problem.strerror}. "
                "Free space, mount its disk, or give the folder to the user that runs fastpix."
            )
        return "ok"

    def free_bytes(self) -> int | None:
        return shutil.disk_usage(self.root).free

    def _place(self, key: str, below: str = "") -> Path:
        """Where the object is or would be. Raises Refused where a link leads on the way: it could lead anywhere."""
        path = self.root / below / keys.check(key)
        self._work.check_there()
        if os.path.realpath(path.parent) != str(path.parent):
            raise Refused(f"{key} lies behind a link. Put the real folder there: the storage follows no links.")
        return path

    def _file(self, key: str) -> tuple[Path, int]:
        path = self._place(key)
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(f"There is no {key} in the storage.") from None
        if stat.S_ISLNK(found.st_mode):
            raise Refused(f"{key} is a link. Put the real file there: the storage follows no links.")
        if not stat.S_ISREG(found.st_mode):
            raise Missing(f"There is no {key} in the storage.")
        return path, found.st_size

    def _publish(self, made: Path, place: Path) -> None:
        """Move a file or folder to its place, durably."""
        in_folder(place.parent, lambda: os.replace(made, place))
        # Gone already: what was moved here was deleted since.
        with suppress(FileNotFoundError):
            _sync(place.parent)

    @contextmanager
    def _on_this_disk(self, folder: Path) -> Iterator[Path]:
        """The folder, or a copy on the storage's disk, from where it can be renamed."""
        if folder.stat().st_dev == self.root.stat().st_dev:
            yield folder
            return
        copy = self._work.temporary("folder")
        try:
            yield shutil.copytree(folder, copy)
        finally:
            shutil.rmtree(copy, ignore_errors=True)


def link_or_copy(path: Path, to: Path) -> None:
    """The file at a second place: a hard link, or a copy where those do not work."""
    try:
        os.link(path, to, follow_symlinks=False)
    except OSError as problem:
        if problem.errno not in NO_LINK:
            raise
        shutil.copyfile(path, to, follow_symlinks=False)


def _pieces(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while length > 0 and (piece := file.read(min(READ_BYTES, length))):
            length -= len(piece)
            yield piece


def _sync(path: Path) -> None:
    """Wait until the disk has this file, or the names in this folder."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
