"""Writes the segments of a part without ffmpeg: what came goes to the disk ten times a second, in the order it came."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from fastpix.live import segment_files
from fastpix.live.executor import Executor
from fastpix.live.fmp4.muxer import INIT, Muxer, Write
from fastpix.live.fmp4.setup import Setup
from fastpix.live.rtmp.ticks import next_tick
from fastpix.live.segment_files import Append

log = logging.getLogger(__name__)
# The encoder is not read while more than this waits for the disk, in bytes.
MOST_WAITING, FEW_WAITING = 4 << 20, 1 << 20
# After the tick in which encoders are read, whoever feeds: what all streams write is handed to the disk in one go.
BEHIND_TICK = 0.02


class MuxingPackager:
    """`finished` is called for each segment that is whole; the others as for `FfmpegPackager`."""

    def __init__(
        self,
        setup: Setup,
        executor: Executor,
        pause: Callable[[], None],
        resume: Callable[[], None],
        finished: Callable[[], None],
    ) -> None:
        self._muxer, self._executor = Muxer(setup), executor
        self._pause, self._resume, self._finished = pause, resume, finished
        self._folder: Path | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_bytes = 0
        self._is_paused = False
        self._writes: set[asyncio.Future[None]] = set()
        self.has_ended = False
        self.log = ""

    async def start(self, folder: Path) -> None:
        """Write to this folder."""
        self._folder = folder
        self._flush()

    def begin(self, kinds: Iterable[int]) -> None:
        """The setup says which kinds of tags there will be."""

    def feed(self, kind: int, timestamp: int, payload: bytes) -> None:
        """Take one FLV tag, which is written behind the next tick."""
        self._muxer.take(kind, timestamp, payload)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(next_tick(loop.time(), BEHIND_TICK), self._flush)

    async def end(self) -> None:
        """Write the rest, and wait until it is written."""
        if self._folder is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._put(self._folder, self._muxer.end)
        while self._writes:
            await asyncio.wait(self._writes)
        if self.has_ended:
            await self._executor.run_io(segment_files.finish, self._folder)

    def _flush(self) -> None:
        if self._folder is not None:
            self._timer = None
            self._put(self._folder, self._muxer.flush)

    def _put(self, folder: Path, muxed: Callable[[], list[Write]]) -> None:
        if self.has_ended:
            return
        try:
            writes = muxed()
        except Exception as problem:  # the encoder is cut off, as when ffmpeg gives up, and begins anew
            log.exception("live.muxer_failed folder=%s", folder.name)
            self.has_ended, self.log = True, repr(problem)
            return
        for write in writes:
            if self.has_ended:
                return
            future = self._executor.appends.put(Append(folder, write))
            self._writes.add(future)
            self._waiting_bytes += len(write.data)
            future.add_done_callback(partial(self._written, write))
        if self._waiting_bytes > MOST_WAITING and not self._is_paused:
            self._is_paused = True
            self._pause()

    def _written(self, write: Write, future: asyncio.Future[None]) -> None:
        self._writes.discard(future)
        self._waiting_bytes -= len(write.data)
        problem = future.exception()
        if problem is not None:
            self.has_ended, self.log = True, f"{write.name}: {problem}"
        elif write.is_whole and write.name != INIT:
            self._finished()
        if self._is_paused and self._waiting_bytes < FEW_WAITING:
            self._is_paused = False
            self._resume()
