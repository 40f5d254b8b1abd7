"""The ffmpeg of one connection: takes FLV through a pipe, and never holds much of it in memory."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from fastpix.live.rtmp import flv
from fastpix.video.child import ENVIRONMENT

log = logging.getLogger(__name__)
# The encoder is not read while more than this waits for ffmpeg, in bytes.
MOST_WAITING, FEW_WAITING = 4 << 20, 1 << 20
# A write for each of 75 tags a second cost as much as all the rest (measured).
FLUSH_SECONDS = 0.05
END_SECONDS = 10.0
LOG_LINES = 20


class FfmpegPackager:
    """`pause` and `resume` stop and start what feeds it. What is fed before `start` waits for it."""

    def __init__(self, command: Sequence[str], pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._command, self._pause, self._resume = command, pause, resume
        self._process: asyncio.subprocess.Process | None = None
        self._stderr_task: asyncio.Task[None] | None = None
        self._drain_task: asyncio.Task[None] | None = None
        self._pending_tags: list[bytes] = []
        self._is_flushing = False
        self._stderr_lines: deque[str] = deque(maxlen=LOG_LINES)

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    @property
    def log(self) -> str:
        """What ffmpeg said last. It holds paths: for the process's log alone."""
        return " | ".join(self._stderr_lines)

    async def start(self, folder: Path) -> None:
        """Run the command in a folder."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # A group of its own: when ingest is killed, ffmpeg lives to finish the last segment, and ends with its input.
            start_new_session=True,
        )
        self._stderr_task = asyncio.create_task(self._read_stderr())
        self._flush()

    def begin(self, kinds: Iterable[int]) -> None:
        """The head of what is fed: which kinds of tags there will be."""
        self._pending_tags.append(flv.header(kinds))

    def feed(self, kind: int, timestamp: int, payload: bytes) -> None:
        """Hand on one FLV tag, within `FLUSH_SECONDS`. Pauses the source when ffmpeg does not keep up."""
        if not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)
        self._pending_tags.append(flv.tag(kind, timestamp, payload))

    def _flush(self) -> None:
        if self._process is None:
            return
        pending_tags, self._pending_tags, self._is_flushing = self._pending_tags, [], False
        self._write(b"".join(pending_tags))

    async def end(self) -> None:
        """End the input and wait until the last segment is finished; kill what takes too long."""
        process = self._process
        if process is None:
            return
        self._flush()
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            log.warning("live.packager_killed pid=%d", process.pid)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._stderr_task is not None:
            await self._stderr_task

    def _write(self, data: bytes) -> None:
        pipe = self._process.stdin if self._process else None
        if pipe is None or pipe.is_closing():
            return
        pipe.write(data)
        if self._drain_task is None and pipe.transport.get_write_buffer_size() > MOST_WAITING:
            pipe.transport.set_write_buffer_limits(high=MOST_WAITING, low=FEW_WAITING)
            self._pause()
            self._drain_task = asyncio.create_task(self._drain(pipe))

    async def _drain(self, pipe: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await pipe.drain()
        self._drain_task = None
        self._resume()

    async def _read_stderr(self) -> None:
        stderr = self._process.stderr if self._process else None
        while stderr is not None:
            try:
                line = await stderr.readline()
            except ValueError:  # a line without end
                continue
            if not line:
                return
            self._stderr_lines.append(line.decode("utf-8", "replace").strip()[:400])
