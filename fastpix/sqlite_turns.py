"""Who writes next to an SQLite database: first come, first served, among the threads and processes of an instance.

SQLite lets waiting writers knock again after a pause of up to 100 ms, and takes whoever happens to knock first: of 200
clients one waited half a minute. Here the threads of a process stand in line, and the first of each line waits for the
others' at a file beside the database. A courtesy that SQLite itself knows nothing of: where no such file can be made
(a full disk), and for other programs, SQLite's own lock decides as before.
"""

from __future__ import annotations

import fcntl
import math
import os
import sqlite3
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

ENDING = "-turns"
# Locked bytes of that file: whose turn it is, and who comes next. Only one process waits for the turn itself, so that
# the one that had it cannot take it again while another waits. Behind them stands since when the next one waits.
_TURN, _NEXT, _SINCE = 0, 1, 8
_WHEN = struct.Struct("d")
# How often the first of a process's line looks, in seconds: there is no lock of files that is waited for with an end.
_LOOKS_FOR_NEXT, _LOOKS_FOR_TURN = 0.002, 0.0005


@dataclass
class Place:
    """A thread's place in the line: since when (monotonic, the same clock for all processes), and what it waits at.

    `file` is given to it where this process keeps the turn.
    """

    since: float
    gate: threading.Lock = field(default_factory=threading.Lock)
    file: int | None = None


class Line:
    """The threads of this process that want to write to one database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[Place] = deque()

    def enter(self, until: float) -> Place | None:
        """Wait for the first place until then (monotonic). None: it did not come."""
        place = Place(time.monotonic())
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return place
            place.gate.acquire()
            self._waiting.append(place)
        if place.gate.acquire(timeout=max(0.0, until - time.monotonic())):
            return place
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
                return None
        place.gate.acquire()  # it comes in this very moment
        return place

    def leave(self, file: int | None = None) -> None:
        """The first place is the next one's, and with it the locked file, if nobody elsewhere waits for longer."""
        with self._lock:
            place = self._waiting.popleft() if self._waiting else None
            self._is_taken = place is not None
        if file is not None and (place is None or place.since > _since_elsewhere(file)):
            os.close(file)  # which gives the lock back, too
            file = None
        if place is not None:
            place.file = file
            place.gate.release()


_lines: dict[str, Line] = {}
_lines_lock = threading.Lock()


def _begin_anew() -> None:
    """In a forked child nobody waits: the threads that did are the parent's."""
    global _lines_lock
    _lines_lock = threading.Lock()
    _lines.clear()


os.register_at_fork(after_in_child=_begin_anew)


class Turn:
    """The right to write, until `end`. `file` is None where it was not asked of other processes."""

    def __init__(self, line: Line, file: int | None) -> None:
        self._line, self._file = line, file

    def end(self) -> None:
        self._line.leave(self._file)


def take(database: str, patience: float) -> Turn | None:
    """The turn to write to the database at this path; None where it did not come within `patience` seconds."""
    until = time.monotonic() + patience
    with _lines_lock:
        line = _lines.setdefault(database, Line())
    place = line.enter(until)
    if place is None:
        return None
    if place.file is not None:
        return Turn(line, place.file)
    file: int | None = None
    try:
        file = os.open(database + ENDING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not _is_first(file, place.since, until):
            os.close(file)
            line.leave()
            return None
    except OSError:  # SQLite's own lock decides, then
        if file is not None:
            os.close(file)
            file = None
    except BaseException:
        line.leave()
        raise
    return Turn(line, file)


def _is_first(file: int, since: float, until: float) -> bool:
    """Wait for the turn among processes. False: it did not come until then."""
    if not _lock(file, _NEXT, until, _LOOKS_FOR_NEXT):
        return False
    with suppress(OSError):  # a full disk takes no note of it
        os.pwrite(file, _WHEN.pack(since), _SINCE)
    if not _lock(file, _TURN, until, _LOOKS_FOR_TURN):
        return False
    fcntl.lockf(file, fcntl.LOCK_UN, 1, _NEXT)
    return True


def _since_elsewhere(file: int) -> float:
    """Since when another process waits for the turn; infinity where none does."""
    try:
        if _lock(file, _NEXT, 0, 0):
            fcntl.lockf(file, fcntl.LOCK_UN, 1, _NEXT)
            return math.inf
        return float(_WHEN.unpack(os.pread(file, _WHEN.size, _SINCE))[0])
    except (OSError, struct.error):
        return 0.0


def _lock(file: int, byte: int, until: float, pause: float) -> bool:
    while True:
        with suppress(BlockingIOError, PermissionError):  # both say that another process has it
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(pause)


class Connection(sqlite3.Connection):
    """A connection that keeps a turn until its transaction is over, however it ends."""

    turn: Turn | None = None

    def end_turn(self) -> None:
        turn, self.turn = self.turn, None
        if turn is not None:
            turn.end()

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            if not self.in_transaction:
                self.end_turn()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            if not self.in_transaction:
                self.end_turn()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.end_turn()
