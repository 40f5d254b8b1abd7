"""How much of the disk may be filled: a reserve stays free for the database, which no upload and no job may touch."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from fastpix.config import instance
from fastpix.errors import NoRoom, StorageFailed
from fastpix.storage import instance as storage
from fastpix.storage.failing import saying

# An upload for which there is no more room than this need not begin.
LEAST = 8 << 20
# With less than this free, people are told before uploads stop.
LITTLE = 5 << 30


def check(more: int = LEAST) -> None:
    """Raises `NoRoom` where so many bytes more do not go into the storage. An S3 bucket has no end."""
    free = storage.get().free_bytes()
    if free is not None:
        _check(free, more)


def check_work(more: int = LEAST) -> None:
    """The same for the folder of work, which lies on a local disk also where the media do not."""
    with saying():
        free = shutil.disk_usage(storage.get().work_root).free
    _check(free, more)


def watcher() -> Callable[[], bool]:
    """Says whether work may go on; in any thread, and in some microseconds."""
    folder, reserve = storage.get().work_root, instance.settings().disk_reserve

    def is_left() -> bool:
        try:
            return shutil.disk_usage(folder).free >= reserve
        except OSError:  # whoever works there will hear of it
            return True

    return is_left


def is_little() -> bool:
    """Whether less than `LITTLE` may still be filled where media lie or are worked on. An S3 bucket has no end."""
    store, reserve = storage.get(), instance.settings().disk_reserve
    try:
        free = [store.free_bytes(), shutil.disk_usage(store.work_root).free]
    except (OSError, StorageFailed):  # other pages say what is wrong with it
        return False
    return any(each is not None and each - reserve < LITTLE for each in free)


def sentence() -> str:
    """`ok`, or what whoever runs the server has to know."""
    try:
        check()
    except NoRoom as problem:
        return str(problem)
    return "ok"


def _check(free: int, more: int) -> None:
    reserve = instance.settings().disk_reserve
    if not reserve or free - more >= reserve:
        return
    what = f"{_mib(more)} MiB more" if more > LEAST else "more files"
    raise NoRoom(
        f"The server's disk has no room for {what}: {_mib(free)} MiB are free, and {_mib(reserve)} MiB of them "
        "stay free for the database. Uploads can go on once whoever runs the server has freed space; all else works."
    )


def _mib(size: int) -> str:
    return f"{-(-size >> 20):,}".replace(",", " ")
