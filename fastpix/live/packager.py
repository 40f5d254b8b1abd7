"""Who makes segments of a part's tags: we ourselves where that is proved (`fmp4.setup`), and ffmpeg for everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from fastpix.live.executor import Executor
from fastpix.live.ffmpeg_packager import FfmpegPackager
from fastpix.live.fmp4 import setup
from fastpix.live.muxing_packager import MuxingPackager
from fastpix.live.rtmp import flv
from fastpix.video import live

Tag = tuple[int, int, bytes]
# How often to look whether ffmpeg has finished a segment; of our own we know it, and look for other things.
FFMPEG_SECONDS, OWN_SECONDS = 0.25, 1.0


class Packager:
    """`pause` and `resume` stop and start what feeds it. What is fed before `start` waits for it."""

    def __init__(self, executor: Executor, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._executor, self._pause, self._resume = executor, pause, resume
        self._made: FfmpegPackager | MuxingPackager | None = None
        self._kinds: frozenset[int] = frozenset()
        self._heads: list[Tag] = []
        self._folder: Path | None = None
        self._starting: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        """Whether it gave up by itself."""
        has_failed = self._starting is not None and self._starting.done() and self._starting.exception() is not None
        return has_failed or (self._made is not None and self._made.has_ended)

    @property
    def log(self) -> str:
        """What was said last, with paths: for the process's log alone."""
        return self._made.log if self._made is not None else ""

    async def start(self, folder: Path) -> None:
        """Write to a folder."""
        self._folder = folder
        if self._made is not None:
            await self._made.start(folder)

    def begin(self, kinds: Iterable[int]) -> None:
        """Say of which kinds tags there will be, before any is fed: first those that configure them."""
        self._kinds = frozenset(kinds)

    def feed(self, kind: int, timestamp: int, payload: bytes) -> None:
        """Hand on one FLV tag."""
        if self._made is not None:
            self._made.feed(kind, timestamp, payload)
            return
        self._heads.append((kind, timestamp, payload))
        if not _is_head(kind, payload):
            self._choose()

    def wake(self) -> None:
        """There is something to look at."""
        self._news.set()

    async def wait(self) -> None:
        """Until there may be another segment, or until it is time to look after other things."""
        with suppress(TimeoutError):
            async with asyncio.timeout(OWN_SECONDS if isinstance(self._made, MuxingPackager) else FFMPEG_SECONDS):
                await self._news.wait()
        self._news.clear()

    async def end(self) -> None:
        """Nothing more comes: wait until the last segment is finished."""
        if self._starting is not None:
            with suppress(Exception):  # `has_ended` says so
                await self._starting
        if self._made is not None:
            await self._made.end()

    def _choose(self) -> None:
        configs = {kind: payload for kind, _, payload in self._heads if kind != flv.DATA and _is_head(kind, payload)}
        proved = setup.of(configs) if configs.keys() == self._kinds else None
        if proved is not None:
            self._made = MuxingPackager(proved, self._executor, self._pause, self._resume, self.wake)
        else:
            self._made = FfmpegPackager(live.from_pipe(), self._pause, self._resume)
        self._made.begin(self._kinds)
        for head in self._heads:
            self._made.feed(*head)
        self._heads.clear()
        if self._folder is not None:
            self._starting = asyncio.get_running_loop().create_task(self._made.start(self._folder))


def _is_head(kind: int, payload: bytes) -> bool:
    """Whether a tag stands before the first picture or sound."""
    if kind == flv.VIDEO:
        return flv.is_video_config(payload)
    return kind == flv.DATA or flv.is_audio_config(payload)
