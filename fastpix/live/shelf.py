"""Brings finished pieces from the folder ffmpeg writes to into the storage. Bears being killed between any two steps:
what is in neither the storage nor the database's list is found again by `take_up`."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from fastpix.db import now
from fastpix.errors import Missing
from fastpix.resources.live_streams.lifecycle import Finished, Picture
from fastpix.storage import instance as storage
from fastpix.video import live

log = logging.getLogger(__name__)
PREFIX = "live-"
# At the beginning, when no piece says yet when it began.
UNKNOWN = Picture("", 0, 0)
_NAME = re.compile(r"s\d+\.m4s")


@dataclass
class Shelf:
    """Where the pieces of one connection go. `folder` is ffmpeg's, `prefix` the storage's.

    `stored` are the pieces that lie in the storage and are to be written down; whoever did that takes them out.
    """

    folder: Path
    prefix: str
    picture: Picture = UNKNOWN
    next_at: datetime | None = None
    stored: list[Finished] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        """Whether there is a complete piece to collect. Asked often: costs some microseconds."""
        with os.scandir(self.folder) as found:
            return any(entry.name.endswith(".m4s") for entry in found)

    def collect(self) -> None:
        """Store the pieces that are complete, in order. Blocks; raises OSError when disk or bucket fail: try again."""
        pieces = live.finished(self.folder)
        init = self.folder / live.INIT
        if not pieces or not init.is_file():
            return
        try:
            self._store_init(init)
        except live.Unreadable:
            self._set_aside(init, *pieces)
            return
        for piece in pieces:
            try:
                measured = live.measure(piece, init)
            except live.Unreadable:
                self._set_aside(piece)
            else:
                self._store(measured)

    def discard(self, pieces: Iterable[Finished]) -> None:
        """Remove pieces that were stored too late: nobody will ask for them."""
        for piece in pieces:
            storage.get().delete(f"{self.prefix}/{piece.name}")

    def _store_init(self, init: Path) -> None:
        """Store what begins the pieces, once: one that is stored is never replaced."""
        if self.picture.codecs:
            return
        found = Picture(*live.picture(init))
        key = f"{self.prefix}/{live.INIT}"
        try:
            storage.get().size(key)
        except Missing:
            storage.get().write(key, init.read_bytes())
        self.picture = found

    def _set_aside(self, *files: Path) -> None:
        """Leave out what cannot be read, such as a file that a power failure emptied."""
        for file in files:
            log.warning("live.unreadable folder=%s file=%s", self.folder.name, file.name)
            file.rename(file.with_name(f"unreadable-{file.name}.bin"))

    def _store(self, piece: live.Measured) -> None:
        begun = self.next_at or now() - timedelta(seconds=piece.seconds)
        # A folder of one file: on the local disk the storage takes it by renaming, without another copy.
        parcel = storage.get().work_folder(f"{self.folder.name}-parcel")
        piece.path.rename(parcel / piece.path.name)
        try:
            storage.get().add_folder(parcel, self.prefix)
        except BaseException:
            (parcel / piece.path.name).rename(piece.path)
            raise
        self.next_at = begun + timedelta(seconds=piece.seconds)
        self.stored.append(Finished(piece.path.name, piece.seconds, piece.size, begun))

    def remove(self) -> None:
        """Forget the folder: everything of it is stored."""
        shutil.rmtree(self.folder, ignore_errors=True)


def open_shelf(connection_id: UUID, prefix: str) -> Shelf:
    """The shelf of a connection, its folder made if needed."""
    return Shelf(storage.get().work_folder(f"{PREFIX}{connection_id}"), prefix)


def left_folders() -> Iterable[UUID]:
    """Connections of which an earlier run left a folder on this machine."""
    for folder in sorted(storage.get().work_root.glob(f"{PREFIX}*")):
        try:
            yield UUID(folder.name.removeprefix(PREFIX))
        except ValueError:
            continue


def take_up(shelf: Shelf, kept: Collection[str]) -> None:
    """Collect all pieces of a connection that the database does not list: those stored but not written down as well.

    `kept` are the names it lists. Blocks.
    """
    parcel = storage.get().work_root / f"{shelf.folder.name}-parcel"
    for piece in live.finished(parcel) if parcel.is_dir() else ():
        piece.rename(shelf.folder / piece.name)
    shutil.rmtree(parcel, ignore_errors=True)
    stored = {entry.key.rpartition("/")[2] for entry in storage.get().list(shelf.prefix)}
    # Pieces come in order: one before the latest that is listed was left out since, by those who trim.
    latest = max(kept, default="")
    for name in stored:
        if name == live.INIT or (_NAME.fullmatch(name) and name not in kept and name > latest):
            storage.get().fetch(f"{shelf.prefix}/{name}", shelf.folder / name)
    shelf.collect()
