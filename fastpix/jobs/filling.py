"""Jobs that fill the disk: they begin only where there is room, stop before the database's reserve is touched, and say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastpix.jobs import queue
from fastpix.jobs.queue import Interrupted
from fastpix.storage import room
from fastpix.video.datatypes import Failed, Stopped


@contextmanager
def with_room() -> Iterator[None]:
    """Around work that is told to stop by `stopper`. Raises `NoRoom`; and `Interrupted` where the worker ends."""
    room.check_work()
    try:
        yield
    except Stopped:
        if not queue.should_stop():
            room.check_work()
        raise Interrupted from None
    except Failed:  # perhaps for want of room, which programs say in many ways
        room.check_work()
        raise


def stopper() -> Callable[[], bool]:
    """Says of the work of the job that is running here that it must stop. May be asked in any thread."""
    is_over, is_left = queue.stopper(), room.watcher()
    return lambda: is_over() or not is_left()
