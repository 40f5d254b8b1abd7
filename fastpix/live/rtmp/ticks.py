"""Reads those who publish together, some times a second: to wake up for each packet costs more than all the rest of the work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from math import floor

TICK_SECONDS = 0.1
READ_SIZE = 1 << 18
# A stream of 80 Mb/s; what is more waits in the kernel, and then with its sender: no stream reads while others wait.
READS_PER_TICK = 4


def next_tick(now: float, behind: float = 0.0) -> float:
    """The time of the next tick, or of so many seconds behind one: all who go by it are served together."""
    return (floor((now - behind) / TICK_SECONDS) + 1) * TICK_SECONDS + behind


class TickReader:
    """Reads the socket of one connection. `received` gets its bytes, `ended` is told once that there will be no more, with
    what was wrong; without one, asyncio finds the end by itself.

    What came before the other side reset the connection is still read: the kernel tells of a reset after that.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        received: Callable[[bytes], None],
        ended: Callable[[OSError | None], None],
    ) -> None:
        # While the transport is open, its number means this socket and no other.
        self._number = int(transport.get_extra_info("socket").fileno())
        self._received, self._ended = received, ended
        self.is_paused = False

    def read(self) -> None:
        """All that is there, or as much as a tick may read."""
        for _ in range(READS_PER_TICK):
            if self.is_paused:
                return
            try:
                data = os.read(self._number, READ_SIZE)
            except BlockingIOError:
                return
            except OSError as problem:
                self._ended(problem)
                return
            if not data:
                self._ended(None)
                return
            self._received(data)
            if len(data) < READ_SIZE:
                return


class Ticker:
    """The readers that are read together. At rest while there is none."""

    def __init__(self) -> None:
        self._readers: dict[TickReader, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, reader: TickReader) -> None:
        self._readers[reader] = None
        if self._timer is None:
            self._set_timer()

    def discard(self, reader: TickReader) -> None:
        """Read it no more: nothing of its socket is touched from now on."""
        self._readers.pop(reader, None)
        reader.is_paused = True

    def _tick(self) -> None:
        self._timer = None
        if self._readers:
            self._set_timer()
        for reader in list(self._readers):
            reader.read()

    def _set_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(next_tick(loop.time()), self._tick)
