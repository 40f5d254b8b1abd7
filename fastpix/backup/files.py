"""The stored files at one moment: what the database speaks of is there, though the instance goes on working."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from fastpix.storage import Storage, keys
from fastpix.storage.local import LocalStorage, link_or_copy


@contextmanager
def frozen(store: LocalStorage, snapshot: Callable[[], None]) -> Iterator[dict[str, Path]]:
    """Key -> a file to read, for all that is stored when `snapshot` looks at the database. Gone at the end.

    Linked before and after the look: what is deleted meanwhile was linked before, what is new comes with the second
    round. Stored files are never written again, so a link is a copy; uploads that grow only get longer.
    """
    folder = store.work_folder(f"backup-{uuid4().hex}")
    kept: dict[str, Path] = {}
    try:
        _link(store, folder, kept)
        snapshot()
        _link(store, folder, kept)
        yield kept
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(store: Storage, key: str, path: Path) -> None:
    """Store a file under its key; an upload that was under way goes on where it was."""
    if not key.startswith(keys.APPENDED):
        store.write(key, _pieces(path))
        return
    name = key.removeprefix(f"{keys.APPENDED}/")
    with store.appender(name) as appender:
        offset = 0
        for piece in _pieces(path):
            offset = appender.write(offset, piece)


def is_kept(key: str) -> bool:
    """Folders of work under way are of no use elsewhere."""
    return not key.startswith(f"{keys.WORK}/")


def _link(store: LocalStorage, folder: Path, kept: dict[str, Path]) -> None:
    for entry in store.list():
        if entry.key in kept or not is_kept(entry.key):
            continue
        to = folder / str(len(kept))
        with suppress(FileNotFoundError):  # deleted since it was listed
            link_or_copy(store.root / entry.key, to)
            kept[entry.key] = to


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece
