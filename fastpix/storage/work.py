"""The local folders in which work is done: on the disk of the storage, or beside an S3 bucket."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from fastpix.errors import Misconfigured
from fastpix.storage import keys
from fastpix.storage.interface import Entry

T = TypeVar("T")


class WorkFolders:
    """The folder `.work` under `root` and what lies in it."""

    def __init__(self, root: Path) -> None:
        # The real path, once: whoever is not where it should be came there by a link.
        self.root = root.resolve()
        self.work_root = self.root / keys.WORK
        try:
            self.work_root.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise Misconfigured(
                f"The storage folder {root} cannot be made or written: {problem.strerror}. "
                "Give it to the user that runs fastpix, or name another one."
            ) from problem

    def check_there(self) -> None:
        """Raises FileNotFoundError where the storage is gone: removed, or its disk not mounted, so that another folder
        shows in its place. Such a folder is never made anew: what is written there would vanish with the next mount."""
        if not self.work_root.is_dir():
            raise FileNotFoundError(errno.ENOENT, "The storage folder is gone, or its disk is not mounted")

    def work_folder(self, name: str) -> Path:
        """A folder of that name, made if needed. Raises ValueError for a name that is no single safe segment."""
        if "/" in keys.check(name):
            raise ValueError(f"not the name of a folder: {name!r}")
        folder = self.work_root / name
        folder.mkdir(exist_ok=True)
        return folder

    def temporary(self, kind: str) -> Path:
        """A path nobody else uses, for a file or folder that is moved or removed soon."""
        return self.work_root / f"{kind}-{uuid4().hex}"

    @contextmanager
    def removed_after(self, path: Path) -> Iterator[Path]:
        """A temporary file that is gone at the end, unless it was moved to its place."""
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def entries(self, folder: Path) -> Iterator[Entry]:
        """Every file below `folder`; links are never followed."""
        if folder.is_symlink():
            return
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name)
                # Files come and go while a list is made.
                with suppress(FileNotFoundError):
                    found = path.lstat()
                    key = path.relative_to(self.root).as_posix()
                    yield Entry(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def remove(self, path: Path) -> None:
        """Remove a file, which may be gone already, and the folders that are empty without it."""
        path.unlink(missing_ok=True)
        self.prune(path.parent)

    def delete_leftover(self, key: str) -> None:
        """Remove a file that `entries` showed in the storage's own folders. Raises ValueError for any other key."""
        path = self.root / keys.check_leftover(key)
        if os.path.realpath(path.parent) != str(path.parent):
            raise ValueError(f"{key} lies behind a link")
        self.remove(path)

    def prune(self, folder: Path) -> None:
        """Remove empty folders, from `folder` up to the root; `.work` itself stays."""
        while folder not in (self.root, self.work_root):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return  # not empty
            folder = folder.parent


def in_folder(folder: Path, act: Callable[[], T]) -> T:
    """Make the folder and put something into it with `act`.

    Whoever removes the last file of a folder removes the folder too, also between these two steps: then again.
    """
    for _ in range(100):
        with suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(parents=True, exist_ok=True)
            return act()
    folder.mkdir(parents=True, exist_ok=True)
    return act()


def check_file(path: Path) -> Path:
    """The path. Raises ValueError where no plain file is there, but a link: hostile media could have had it made."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(f"{path.name} is no plain file")
    return path


def files_in(folder: Path, prefix: str) -> dict[str, int]:
    """The files below `folder`, as names under it, with their bytes.

    Raises ValueError for a file that is a link or could not be stored under `prefix`: programs that read hostile
    media wrote these folders.
    """
    files: dict[str, int] = {}
    for parent, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(parent, name)
            found = path.lstat()
            inside = path.relative_to(folder).as_posix()
            keys.check(f"{prefix}/{inside}")
            if stat.S_ISREG(found.st_mode):
                files[inside] = found.st_size
            elif not stat.S_ISDIR(found.st_mode):
                raise ValueError(f"{inside} is neither a file nor a folder")
    return files
