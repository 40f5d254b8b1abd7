"""A program under limits that never outlives the thread that started it: what ffmpeg and the probe run in."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from fastpix.video.datatypes import Limits

LAUNCH = str(Path(__file__).with_name("launch.py"))
# Nothing of the worker's environment: settings and secrets are in it.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}
LOG_LINES, LOG_WIDTH = 50, 400
LONGEST_LINE = 1 << 20


def launched(command: Sequence[str], limits: Limits, *, parent: int) -> list[str]:
    """The command line that runs `command` under limits. `parent`: the process it dies with; 0 for none."""
    numbers = (parent, limits.cpu_seconds, limits.memory_bytes, limits.file_bytes)
    return [sys.executable, "-I", "-S", LAUNCH, *map(str, numbers), *command]


class Child:
    """`command` runs in `folder` once this is entered; leaving kills what of it still runs.

    `hear` is called with each line of its standard output, in another thread. `log` has the last lines of the other
    stream, at most `most_lines`. `exit_code` (negative: the signal) and `cpu_seconds` are known when `ended` has said so.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        limits: Limits,
        hear: Callable[[str], None],
        *,
        most_lines: int = LOG_LINES,
    ) -> None:
        self._command, self._folder, self._limits, self._hear = command, folder, limits, hear
        self._log: deque[str] = deque(maxlen=most_lines)
        self.exit_code: int | None = None
        self.cpu_seconds = 0.0

    @property
    def log(self) -> tuple[str, ...]:
        return tuple(self._log)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            launched(self._command, self._limits, parent=os.getpid()),
            cwd=self._folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            close_fds=True,
        )
        # Threads, so that a full pipe never holds the program up while the caller is busy elsewhere.
        self._ears = [
            threading.Thread(target=_listen, args=(self._process.stdout, self._hear), daemon=True),
            threading.Thread(target=_listen, args=(self._process.stderr, self._note), daemon=True),
        ]
        for ear in self._ears:
            ear.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.kill()
        for ear in self._ears:
            ear.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def ended(self, within: float) -> bool:
        """Wait up to `within` seconds for the end. Waits in vain no longer than that."""
        if self.exit_code is None:
            descriptor = os.pidfd_open(self._process.pid)
            try:
                select.select([descriptor], [], [], within)
            finally:
                os.close(descriptor)
            self._reap(os.WNOHANG)
        return self.exit_code is not None

    def kill(self) -> None:
        """End it and everything of its session at once. Does nothing after the end."""
        if self.exit_code is None:
            # Not reaped yet, so the number is still its own.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._reap(0)

    def _reap(self, options: int) -> None:
        pid, status, usage = os.wait4(self._process.pid, options)
        if pid:
            self.exit_code = self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime

    def _note(self, line: str) -> None:
        if line:
            self._log.append(line[:LOG_WIDTH])


def _listen(pipe: IO[bytes], hear: Callable[[str], None]) -> None:
    while line := pipe.readline(LONGEST_LINE):
        hear(line.decode("utf-8", "replace").rstrip())
