"""How ingest reaches the database and files: blocking work in threads, so that no stream ever waits for another one's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

from fastpix.db import db, reading, set_reading, transaction
from fastpix.live import segment_files
from fastpix.live.batch import Batch
from fastpix.live.segment_files import Append
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import NewSegments

T = TypeVar("T")
FILE_THREADS = 24
LOOK_SECONDS = 0.25  # in which the segments of all streams are gathered: a transaction costs more than what is in it

log = logging.getLogger(__name__)


class Executor:
    """One thread writes, one call after the other, each a transaction: SQLite has one writer anyway, and in PostgreSQL
    a call takes a millisecond. Files are moved and measured by many threads, since a bucket may be slow."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._writer = ThreadPoolExecutor(1, "live-writer")
        self._io_threads = ThreadPoolExecutor(FILE_THREADS, "live-files")
        # What all streams write to the disk at a time takes one thread for a moment.
        self.appends: Batch[Append, None] = Batch(self._append, 0)
        # What they have written down; the answer is whether it came in time.
        self.segments: Batch[NewSegments, bool] = Batch(self._add_segments, LOOK_SECONDS)

    async def write(self, call: Callable[..., T], *args: object) -> T:
        """The answer of a call that is a transaction of its own. What it raises comes here, and nothing was changed."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, call, args)

    async def read(self, call: Callable[..., T], *args: object) -> T:
        """The answer of a call that only reads: strangers who connect never hold up the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._io_threads, self._read, call, args)

    async def run_io(self, call: Callable[..., T], *args: object) -> T:
        """The answer of a call that touches files and no database."""
        return await asyncio.get_running_loop().run_in_executor(self._io_threads, call, *args)

    async def _append(self, appends: list[Append]) -> list[Exception | None]:
        return await self.run_io(segment_files.apply, appends)

    async def _add_segments(self, given: list[NewSegments]) -> list[bool | Exception]:
        try:
            return [*await self.write(broadcasts.add_all, given)]
        except Exception as problem:
            if len(given) == 1:
                return [problem]
            log.warning("live.not_written_together streams=%d", len(given), exc_info=True)
        # One stream's trouble is not to be felt by the others.
        return [answer for each in given for answer in await self._add_segments([each])]

    def close(self) -> None:
        """Wait for what is under way."""
        self._io_threads.shutdown()
        self._writer.shutdown()

    def _read(self, call: Callable[..., T], args: tuple[object, ...]) -> T:
        with self._app.app_context(), reading():
            try:
                return call(*args)
            finally:
                db.session.remove()

    def _write(self, call: Callable[..., T], args: tuple[object, ...]) -> T:
        with self._app.app_context():
            set_reading(False)
            try:
                with transaction():
                    return call(*args)
            finally:
                db.session.remove()
