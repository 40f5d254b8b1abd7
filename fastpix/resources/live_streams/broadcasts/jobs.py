"""How the recording of a broadcast becomes the source of its media: its segments, brought together as one MP4."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fastpix.db import transaction
from fastpix.errors import Missing
from fastpix.jobs import filling
from fastpix.resources.live_streams.broadcasts import queries as broadcast_queries
from fastpix.resources.live_streams.broadcasts.queries import Part
from fastpix.resources.media import lifecycle
from fastpix.resources.media.lifecycle import DOWNLOADING, Work
from fastpix.resources.media.source.fetch import Unreachable
from fastpix.storage import instance as storage
from fastpix.video import recording, stretches
from fastpix.video.stretches import Stretch

# Objects that are on their way at once: from a bucket each takes a while, and hours of a broadcast are thousands.
AT_ONCE = 4
FETCHING_SHARE = 0.5
GONE = "Nothing of this broadcast that could be read is in the storage, so there is no recording of it."
ANEW = "The encoder came back with another picture or sound, so the recording was encoded anew."


def assemble(work: Work, report: Callable[[float], None]) -> str:
    """Put the recording together at `work.source_key`. Raises `Unreachable` where nothing of it is left, Failed, Stopped.

    Takes room for the recording twice in the folder of work: once in order, once as it is to be.
    """
    with transaction():
        lifecycle.enter(work.id, DOWNLOADING, "The recording is being put together.", percent=0)
        parts = broadcast_queries.parts(work.id)
    store = storage.get()
    for leftover in store.work_root.glob(f"{work.id}-*"):  # of an attempt that was cut off
        shutil.rmtree(leftover, ignore_errors=True)
    folder = store.work_folder(f"{work.id}-{secrets.token_hex(6)}")
    try:
        gatherer = _Gatherer(parts, folder, lambda share: report(FETCHING_SHARE * share))
        if not gatherer.stretches:
            raise Unreachable(GONE)
        (folder / "whole").mkdir()
        result = recording.assemble(
            gatherer.stretches,
            folder / "whole" / work.source_key.rpartition("/")[2],
            report=lambda share: report(FETCHING_SHARE + (1 - FETCHING_SHARE) * share),
            should_stop=filling.stopper(),
        )
        # On the local disk the file is moved, not copied.
        store.add_folder(folder / "whole", work.folder)
        _log(work, gatherer, result.is_copy)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return ""


class _Gatherer:
    """Brings the segments here, part by part. What is missing is left out: that costs its seconds and no more."""

    def __init__(self, parts: Sequence[Part], folder: Path, report: Callable[[float], None]) -> None:
        self._folder, self._report = folder, report
        self._segment_count = sum(len(part.segment_keys) for part in parts)
        self._fetched = 0
        self.stretches: list[Stretch] = []
        self.missing = self.damaged = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for part in parts:
                self._add(part, pool)

    def _add(self, part: Part, pool: ThreadPoolExecutor) -> None:
        init = _fetch(part.init_key, self._folder / "init")
        if init is None:
            self.missing += len(part.segment_keys)
            return
        joined = stretches.join(init, self._segments(part, pool), self._folder, filling.stopper())
        self.stretches += joined.stretches
        self.damaged += joined.damaged

    def _segments(self, part: Part, pool: ThreadPoolExecutor) -> Iterator[Path | None]:
        """The segments as files, None for one that is missing; a few at a time, so that they take little room."""
        for first in range(0, len(part.segment_keys), AT_ONCE):
            keys = part.segment_keys[first : first + AT_ONCE]
            files = [self._folder / f"segment-{number}" for number in range(len(keys))]
            for segment in pool.map(_fetch, keys, files):
                self.missing += segment is None
                self._fetched += 1
                yield segment
            self._report(self._fetched / self._segment_count)


def _fetch(key: str, to: Path) -> Path | None:
    try:
        storage.get().fetch(key, to)
    except Missing:
        return None
    return to


def _log(work: Work, gatherer: _Gatherer, is_copy: bool) -> None:
    """Say in the media's log what is not as the encoder sent it."""
    texts = [_count(gatherer.missing, "missing"), _count(gatherer.damaged, "damaged and left out")]
    with transaction():
        for text in filter(None, (*texts, "" if is_copy else ANEW)):
            lifecycle.enter(work.id, DOWNLOADING, text)


def _count(count: int, what: str) -> str:
    words = "1 piece of the recording is" if count == 1 else f"{count} pieces of the recording are"
    return f"{words} {what}." if count else ""
