"""Brings finished segments from the folder they are written in into the storage. Bears being killed between any two steps:
what is in neither the storage nor the database's list is found again by `recover`."""

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
from fastpix.live import segment_files
from fastpix.resources.live_streams.broadcasts.models import StoredSegment, VideoInfo
from fastpix.storage import instance as storage
from fastpix.video import live

log = logging.getLogger(__name__)
PREFIX = "live-"
# At the beginning, when no segment says yet when it began.
UNKNOWN = VideoInfo("", 0, 0)
_NAME = re.compile(r"s\d+\.m4s")


@dataclass
class SegmentSpool:
    """Where the segments of one connection go. `folder` is the packager's, `prefix` the storage's.

    `stored` are the segments that lie in the storage and are to be written down; whoever did that takes them out.
    """

    folder: Path
    prefix: str
    video: VideoInfo = UNKNOWN
    next_start: datetime | None = None
    stored: list[StoredSegment] = field(default_factory=list)

    @property
    def has_segments(self) -> bool:
        """Whether there is a complete segment to collect. Asked often: costs some microseconds."""
        with os.scandir(self.folder) as entries:
            return any(entry.name.endswith(".m4s") for entry in entries)

    def collect(self) -> None:
        """Store the segments that are complete, in order. Blocks; raises OSError when disk or bucket fail: try again."""
        segments = live.finished(self.folder)
        init = self.folder / live.INIT
        if not segments or not init.is_file():
            return
        try:
            self._store_init(init)
        except live.Unreadable:
            self._quarantine(init, *segments)
            return
        for segment in segments:
            try:
                measured = live.measure(segment, init)
            except live.Unreadable:
                self._quarantine(segment)
            else:
                self._store(measured)

    def discard(self, segments: Iterable[StoredSegment]) -> None:
        """Remove segments that were stored too late: nobody will ask for them."""
        for segment in segments:
            storage.get().delete(f"{self.prefix}/{segment.name}")

    def _store_init(self, init: Path) -> None:
        """Store what begins the segments, once: one that is stored is never replaced."""
        if self.video.codecs:
            return
        video = VideoInfo(*live.picture(init))
        key = f"{self.prefix}/{live.INIT}"
        try:
            storage.get().size(key)
        except Missing:
            storage.get().write(key, init.read_bytes())
        self.video = video

    def _quarantine(self, *files: Path) -> None:
        """Leave out what cannot be read, such as a file that a power failure emptied."""
        for file in files:
            log.warning("live.unreadable folder=%s file=%s", self.folder.name, file.name)
            file.rename(file.with_name(f"unreadable-{file.name}.bin"))

    def _store(self, segment: live.Measured) -> None:
        started_at = self.next_start or now() - timedelta(seconds=segment.seconds)
        # A folder of one file: on the local disk the storage takes it by renaming, without another copy.
        outgoing = storage.get().work_folder(f"{self.folder.name}-parcel")
        segment.path.rename(outgoing / segment.path.name)
        try:
            storage.get().add_folder(outgoing, self.prefix)
        except BaseException:
            (outgoing / segment.path.name).rename(segment.path)
            raise
        self.next_start = started_at + timedelta(seconds=segment.seconds)
        self.stored.append(StoredSegment(segment.path.name, segment.seconds, segment.size, started_at, segment.frames))

    def remove(self) -> None:
        """Remove the folder: everything in it is stored."""
        shutil.rmtree(self.folder, ignore_errors=True)


def open_spool(connection_id: UUID, prefix: str) -> SegmentSpool:
    """The spool of a connection, its folder made if needed."""
    return SegmentSpool(storage.get().work_folder(f"{PREFIX}{connection_id}"), prefix)


def leftover_connections() -> Iterable[UUID]:
    """Connections of which an earlier run left a folder on this machine."""
    for folder in sorted(storage.get().work_root.glob(f"{PREFIX}*")):
        try:
            yield UUID(folder.name.removeprefix(PREFIX))
        except ValueError:
            continue


def recover(spool: SegmentSpool, listed: Collection[str]) -> None:
    """Collect all segments of a connection that the database does not list: those stored but not written down as well.

    `listed` are the names it does list. Blocks.
    """
    segment_files.finish(spool.folder)
    outgoing = storage.get().work_root / f"{spool.folder.name}-parcel"
    for segment in live.finished(outgoing) if outgoing.is_dir() else ():
        segment.rename(spool.folder / segment.name)
    shutil.rmtree(outgoing, ignore_errors=True)
    stored = {entry.key.rpartition("/")[2] for entry in storage.get().list(spool.prefix)}
    # Segments come in order: one before the latest that is listed was left out since, by those who trim.
    latest = max(listed, default="")
    for name in stored:
        if name == live.INIT or (_NAME.fullmatch(name) and name not in listed and name > latest):
            storage.get().fetch(f"{spool.prefix}/{name}", spool.folder / name)
    spool.collect()
