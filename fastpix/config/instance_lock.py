"""Who uses an instance's folder: every serving process shares it, and putting a backup back wants it alone.

The kernel gives a lock back whatever way a process ends, so a killed one never keeps the instance shut.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fastpix.config import instance_folder
from fastpix.errors import Misconfigured

NAME = "in_use.lock"
# How long a new ingest waits for one whose supervisor was killed: it stores its last pieces.
ENDING_SECONDS = 30.0
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


def let_go() -> None:
    """For a forked child: close what it inherited. The locks stay its parent's, and end with it."""
    while _held:
        os.close(_held.pop())


@contextmanager
def only_supervisor(instance: Path) -> Iterator[None]:
    """Be the one `fastpix up` of an instance. Raises `Misconfigured` while there is another."""
    with _only(instance, "up.lock", "fastpix is already running on this instance (process {process}). "):
        yield


@contextmanager
def only_ingest(instance: Path) -> Iterator[None]:
    """Be the one that takes streams in. Raises `Misconfigured` while there is another that does not end.

    A second one would take the pieces of the first, which are on air, for what a dead one left.
    """
    said = "`fastpix live` already runs on this instance (process {process}). "
    with _only(instance, "live.lock", said, patience_seconds=ENDING_SECONDS):
        yield


@contextmanager
def _only(instance: Path, name: str, said: str, *, patience_seconds: float = 0.0) -> Iterator[None]:
    file, end = _open(instance, name), time.monotonic() + patience_seconds
    while not _is_locked(file):
        if time.monotonic() >= end:
            process = os.read(file, 20).decode(errors="replace").strip() or "unknown"
            os.close(file)
            advice = "Stop it first, or set FASTPIX_INSTANCE_PATH to another folder."
            raise Misconfigured(said.format(process=process) + advice)
        time.sleep(0.1)
    os.truncate(file, 0)
    os.write(file, str(os.getpid()).encode())
    _held.append(file)
    try:
        yield
    finally:
        _held.remove(file)
        os.close(file)


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True)
class Holder:
    """A process of this machine that uses the instance."""

    pid: int
    what: str
    since: datetime


def holders(instance: Path) -> list[Holder]:
    """Who shares the instance on this machine, the oldest first. Empty where the kernel does not tell (not Linux)."""
    try:
        inode, locks = (instance / NAME).stat().st_ino, Path("/proc/locks").read_text().splitlines()
    except OSError:
        return []
    # 1: FLOCK  ADVISORY  READ 4711 fe:01:262402 0 EOF
    rows = [words for line in locks if len(words := line.split()) > 5 and words[1] == "FLOCK"]
    pids = {int(words[4]) for words in rows if words[5].rpartition(":")[2] == str(inode)}
    found = [holder for pid in pids if pid > 0 and (holder := _holder(pid)) is not None]
    return sorted(found, key=lambda holder: (holder.since, holder.pid))


def _holder(pid: int) -> Holder | None:
    """None for a process that has just ended, or that is another user's."""
    folder = Path(f"/proc/{pid}")
    try:
        typed, began = (folder / "cmdline").read_bytes().decode(errors="replace"), folder.stat().st_ctime
    except OSError:
        return None
    words = typed.replace("\0", " ").split()
    names = {"worker": "Worker", "live": "Live ingest", "web": "Web server", "up": "Supervisor"}
    what = (
        "Web server" if "gunicorn" in " ".join(words[:4]) else next((names[w] for w in words if w in names), "Command")
    )
    return Holder(pid, what, datetime.fromtimestamp(began, UTC))


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


def _open(instance: Path, name: str = NAME) -> int:
    instance_folder.make(instance)
    return os.open(instance / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
