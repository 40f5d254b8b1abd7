"""One at a time changes the schema of a database, whichever machine or instance folder it comes from."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import sqlalchemy as sa

KEY = 0x666173747069  # "fastpi": nobody else's lock in this database
PAUSE_SECONDS, TELL_SECONDS = 0.2, 5.0
WAITING = "  Another process brings this database to its schema; waiting for it ({seconds:.0f} s)."


@contextmanager
def held(engine: sa.Engine, say: Callable[[str], None]) -> Iterator[None]:
    """Be the one; wait for another to be done, and say so every few seconds. The lock ends with its process."""
    if engine.dialect.name == "postgresql":
        # A lock of a transaction, not of a session: pgbouncer gives sessions to others.
        with engine.connect() as connection:
            _wait(lambda: bool(connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(KEY)))), say)
            yield
        return
    # The folder, not the file: to close the file would end the locks that SQLite has on it.
    folder = os.open(os.path.dirname(os.path.abspath(engine.url.database or "")), os.O_RDONLY | os.O_CLOEXEC)
    try:
        _wait(partial(_is_locked, folder), say)
        yield
    finally:
        os.close(folder)


def _wait(is_mine: Callable[[], bool], say: Callable[[str], None]) -> None:
    began = time.monotonic()
    told = began - TELL_SECONDS
    while not is_mine():
        if (now := time.monotonic()) - told >= TELL_SECONDS:
            say(WAITING.format(seconds=now - began))
            told = now
        time.sleep(PAUSE_SECONDS)


def _is_locked(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
