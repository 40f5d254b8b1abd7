"""A stretch of one encoder's stream with the same tracks: cut into segments, and one by one into the storage.

Each is a connection of its own in the database, with an init segment of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Protocol

from fastpix.live import segment_spool
from fastpix.live.executor import Executor
from fastpix.live.packager import Packager
from fastpix.live.segment_spool import SegmentSpool
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import NewSegments, StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.domain import NotAdmitted
from fastpix.resources.live_streams.connections.models import Admission

log = logging.getLogger(__name__)
# Trouble of the storage or the database passes; what came in meanwhile lies in the packager's folder.
RETRY_SECONDS = 2.0
BROKEN = "The server could not package the stream."
# ffmpeg holds what came since the last keyframe in memory, and nobody gets a segment before the next one.
LONGEST_SEGMENT_SECONDS, LONGEST_SEGMENT_BYTES = 60.0, 96 << 20
NO_KEYFRAMES = "No keyframe came for a minute. Set the encoder's keyframe interval to 2 seconds."


def add_last_segments(
    admission: Admission, segments: Iterable[StoredSegment], video: VideoInfo, end_reason: str
) -> bool:
    """Write down the last segments of a connection and that it is over, at once: viewers see the very last one together with
    what comes after it, or with the end. False: they are too late."""
    is_accepted = broadcasts.add_segments(admission, segments, video)
    connections.close(admission, end_reason)
    return is_accepted


class Source(Protocol):
    """Where a stream comes from: an encoder's own connection, or a media server that took it in."""

    def cut(self, reason: str, message: str = "") -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Part:
    """`watch` is called while it goes on, `on_end` when everything that came is kept.

    With a `predecessor` it goes on where that one ends; until the database knows of it, `admission` is that one's.
    """

    def __init__(
        self,
        admission: Admission,
        source: Source,
        executor: Executor,
        watch: Callable[[], None],
        on_end: Callable[[Part], None],
        predecessor: Part | None = None,
    ) -> None:
        self.admission = admission
        self.has_begun = self.is_kept = False
        self._source, self._executor, self._watch, self._on_end = source, executor, watch, on_end
        self._predecessor = predecessor
        self._packager = Packager(executor, source.pause, source.resume)
        self._end_reason = ""
        self._bytes = self._bytes_before = 0
        self._segment_at = monotonic()
        self._has_stored = False  # viewers wait for the first one
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Prepare for what comes. Raises what stops that; then it ends."""
        try:
            spool = await self._prepare()
        except BaseException:
            # The stream must be free again, and the place of this broadcast too.
            self.complete(BROKEN)
            self._task = asyncio.create_task(self._give_up())
            raise
        self._task = asyncio.create_task(self._run(spool))

    def succeeded(self) -> Part:
        """The part that comes after this one, which is complete. Whoever sends waits until it is ready."""
        after = Part(self.admission, self._source, self._executor, self._watch, self._on_end, self)
        self._source.pause()
        after._task = asyncio.create_task(after._take_over())
        return after

    def begin(self, kinds: Iterable[int]) -> None:
        """Say of which kinds its tracks are, before anything is fed."""
        self.has_begun = True
        self._packager.begin(kinds)

    def feed(self, kind: int, timestamp: int, payload: bytes) -> None:
        """One FLV tag."""
        self._bytes += len(payload)
        self._packager.feed(kind, timestamp, payload)

    def complete(self, reason: str) -> None:
        """Nothing more comes."""
        self._end_reason = self._end_reason or reason
        self._packager.wake()

    async def finished(self) -> None:
        """Wait until everything that came is kept."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _take_over(self) -> None:
        try:
            spool = await self._prepare()
        except Exception as problem:
            log.warning("live.part_failed stream=%s", self.admission.stream_id, exc_info=True)
            self._source.cut(str(problem) if isinstance(problem, NotAdmitted) else BROKEN)
            self.complete(BROKEN)
            await self._give_up()
        else:
            self._source.resume()
            await self._run(spool)

    async def _prepare(self) -> SegmentSpool:
        if self._predecessor is not None:
            self.admission = await self._executor.write(connections.go_on, self._predecessor.admission)
        where = (self.admission.connection_id, self.admission.folder)
        spool = await self._executor.run_io(segment_spool.open_spool, *where)
        await self._packager.start(spool.folder)
        return spool

    async def _run(self, spool: SegmentSpool) -> None:
        try:
            await self._wait_for_predecessor()
            while not self._end_reason:
                await self._packager.wait()
                await self._store_segments(spool)
                self._check()
            await self._packager.end()
            await self._finish(spool)
        except Exception:
            log.exception("live.broadcast_failed stream=%s", self.admission.stream_id)
            self._source.cut(BROKEN)
            self.complete(BROKEN)
            await self._write_closed()  # the folder stays, for the next start to look at
        finally:
            self._end()

    async def _wait_for_predecessor(self) -> None:
        """Its last segment comes before our first one."""
        if self._predecessor is not None:
            await self._predecessor.finished()
            self._predecessor = None

    def _end(self) -> None:
        self.is_kept = True
        self._on_end(self)

    def _check(self) -> None:
        """Cut off what cannot go on."""
        if self._end_reason:
            return
        if self._packager.has_ended:
            log.warning("live.packager_died stream=%s said=%s", self.admission.stream_id, self._packager.log)
            self._source.cut(BROKEN)
        elif (
            monotonic() - self._segment_at > LONGEST_SEGMENT_SECONDS
            or self._bytes - self._bytes_before > LONGEST_SEGMENT_BYTES
        ):
            self._source.cut(NO_KEYFRAMES)
        else:
            self._watch()

    async def _finish(self, spool: SegmentSpool) -> None:
        """Keep what is left, and say that this is all. Tried until it works: what is recorded may not be lost."""
        while not await self._store_segments(spool, self._end_reason):
            await asyncio.sleep(RETRY_SECONDS)
        await self._write_closed()
        await self._executor.run_io(spool.remove)

    async def _write_closed(self) -> None:
        while True:
            try:
                await self._executor.write(connections.close, self.admission, self._end_reason)
            except Exception:
                log.warning("live.not_written stream=%s", self.admission.stream_id, exc_info=True)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _give_up(self) -> None:
        """End what never began."""
        try:
            before = self._predecessor
            await self._wait_for_predecessor()
            if before is None or before.admission != self.admission:
                await self._write_closed()
                where = (self.admission.connection_id, self.admission.folder)
                await self._executor.run_io(segment_spool.open_spool(*where).remove)
        except Exception:
            log.exception("live.not_given_up stream=%s", self.admission.stream_id)
        finally:
            self._end()

    async def _store_segments(self, spool: SegmentSpool, end_reason: str = "") -> bool:
        """Store and write down the segments that are complete; the last ones with the reason. Whether nothing is left to do."""
        try:
            if spool.has_segments:
                await self._executor.run_io(spool.collect)
        except OSError:
            if not spool.folder.is_dir():  # somebody removed it: nothing is left to wait for
                log.exception("live.lost stream=%s", self.admission.stream_id)
                return True
            log.warning("live.not_stored stream=%s", self.admission.stream_id, exc_info=True)
            return False
        segments = list(spool.stored)
        if not segments:
            return True
        try:
            if end_reason:
                last = (self.admission, segments, spool.video, end_reason)
                is_accepted = await self._executor.write(add_last_segments, *last)
            else:
                new = NewSegments(self.admission, segments, spool.video)
                is_accepted = await self._executor.segments.put(new, is_urgent=not self._has_stored)
        except Exception:
            log.warning("live.not_written stream=%s", self.admission.stream_id, exc_info=True)
            return False
        if not is_accepted:  # the broadcast is settled, or its workspace gone: nobody will ask for these
            await self._executor.run_io(spool.discard, segments)
        self._segment_at, self._bytes_before, self._has_stored = monotonic(), self._bytes, True
        del spool.stored[: len(segments)]
        return True
