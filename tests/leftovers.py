"""Nothing of a test run outlives it, however it ends: one folder for all its files, and a reaper that waits outside.

The folder is in memory where there is room, and is every program's TMPDIR. The reaper is a process of its own session.
When the tests are gone, killed or at their end, it kills every program that still has a file of the folder open (or
its name in its environment, which programs that give themselves a title lose), and what those started; then it removes
the folder.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 << 30  # bytes; films, databases and PostgreSQL servers of a whole run take some hundred MiB
PREFIX = "fpx-"
PATIENCE = 20  # seconds until what is left is nobody's to kill


def begin() -> Path:
    """Make the folder, let every temporary file of this process and its programs go there, and start the reaper."""
    is_nested = Path(tempfile.gettempdir()).name.startswith(PREFIX)  # pytest within a test: inside the outer folder
    in_memory = _has_room(MEMORY) and not is_nested
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY if in_memory else None))
    folder.chmod(0o711)  # PostgreSQL and nginx run as somebody else, below it
    command = [sys.executable, "-S", "-E", __file__, str(os.getpid()), str(folder)]
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    os.posix_spawn(command[0], command, os.environ, file_actions=quiet, setsid=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    return folder


def _has_room(folder: Path) -> bool:
    """Whether files may be written and programs run there."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= ROOM


def reap(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while (left := _family(set(_of(folder)))) and time.monotonic() < end:
        for process in left:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _of(folder: Path) -> Iterator[int]:
    """Processes with the folder's name in their environment, or that work in it, or hold a file of it open."""
    name, inside = str(folder).encode(), f"{folder}/"
    for process in _processes():
        with suppress(OSError):
            if name in (process / "environ").read_bytes():
                yield int(process.name)
                continue
        with suppress(OSError):
            links = (process / "cwd", *(process / "fd").iterdir())
            if any(f"{_target(link)}/".startswith(inside) for link in links):
                yield int(process.name)


def _target(link: Path) -> str:
    with suppress(OSError):
        return os.readlink(link)
    return ""


def _family(first: set[int]) -> set[int]:
    """These, and all that they started; without this process."""
    parents = {}
    for process in _processes():
        with suppress(OSError, ValueError, IndexError):
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    found, size = set(first), -1
    while size != len(found):
        size = len(found)
        found |= {process for process, parent in parents.items() if parent in found}
    return found - {os.getpid()}


def _processes() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _await(process: int) -> None:
    with suppress(ProcessLookupError):
        select.select([os.pidfd_open(process)], [], [])


if __name__ == "__main__":
    os.chdir("/")
    _await(int(sys.argv[1]))
    reap(Path(sys.argv[2]))
