"""Who uses an instance's folder: every serving process shares it, and putting a backup back wants it alone.

The kernel gives a lock back whatever way a process ends, so a killed one never keeps the instance shut.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastpix.errors import Misconfigured

NAME = "in_use.lock"
_held: list[int] = []


def share(instance: Path) -> None:
    """Be one of those who use the instance, until this process ends. Raises `Misconfigured` while one has it alone."""
    file = _open(instance)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise Misconfigured("A backup is being put back into this instance. Start again when that is done.") from None
    _held.append(file)


@contextmanager
def alone(instance: Path) -> Iterator[None]:
    """Be the only one who uses the instance. Raises `Misconfigured` while any process serves it on this machine."""
    file = _open(instance)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Misconfigured(
            f"fastpix runs on this instance ({instance}). Stop it first, on every machine that uses it."
        ) from None
    finally:
        os.close(file)


def _open(instance: Path) -> int:
    instance.mkdir(parents=True, exist_ok=True)
    return os.open(instance / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
