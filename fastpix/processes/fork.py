"""Child processes that share their parent's memory: forked, not started anew, so that nothing is imported twice.

The parent holds modules and nothing else: no thread, no connection, no open database, for a fork would tear them.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from setproctitle import setproctitle

from fastpix.config import instance_lock
from fastpix.errors import FastpixError

# What a child does until it ends; an exit code, or None for 0.
Program = Callable[[], int | None]

_PR_SET_PDEATHSIG = 1
# The exit code of what a Ctrl-C ended, as shells have it.
INTERRUPTED = 130
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_fork = multiprocessing.get_context("fork")


class Child:
    """A program in a process and a process group of its own, under its own name in the list of processes.

    The terminal's Ctrl-C comes to the parent alone, which then stops its children in order; the kernel asks them to
    stop when the parent dies. Start children from the main thread.
    """

    def __init__(self, title: str, program: Program) -> None:
        parent = os.getpid()
        self._process = _fork.Process(target=_become, args=(title, program, parent))
        # No signal may reach the child while it still has its parent's handlers.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.pid: int = self._process.pid or 0
        with suppress(OSError):  # the child does it, too: whoever comes first
            os.setpgid(self.pid, self.pid)

    def ending(self) -> int | None:
        """None while it runs; then its exit code, negative for the signal that killed it."""
        return self._process.exitcode

    def ask_to_stop(self) -> None:
        self._process.terminate()

    def kill_group(self) -> None:
        """The group outlives its first process: workers of a killed gunicorn."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        self._process.join()


def share_memory() -> None:
    """To be called before the first child: a collection of garbage would write to every object, and so copy the pages."""
    gc.collect()
    gc.freeze()


def apart(program: Callable[[], None]) -> int:
    """Do something in a process of its own, so that this one stays without threads and connections. The exit code.

    A Ctrl-C ends it, and a second one ends it at once; this process waits for it either way, and the code is then 130.
    """
    parent, interrupts = os.getpid(), []

    def begin() -> None:
        signal.signal(signal.SIGINT, _interrupt_once)
        die_with_parent(signal.SIGTERM, parent)
        _plainly(lambda: _unblocked(program))

    def interrupt(number: int, _frame: FrameType | None) -> None:
        interrupts.append(number)
        if process.is_alive():
            os.kill(process.pid or 0, signal.SIGINT if len(interrupts) == 1 else signal.SIGTERM)

    process = _fork.Process(target=begin)
    # No signal may reach the child while it still has its parent's handlers.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    handler = signal.signal(signal.SIGINT, interrupt)
    try:
        process.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        process.join()
    finally:
        signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return INTERRUPTED if interrupts else process.exitcode or 0


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what cleans up is not interrupted
    raise KeyboardInterrupt


def _unblocked(program: Callable[[], None]) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    program()


def minds_hang_up() -> bool:
    """Whether a closed terminal (SIGHUP) ends this process: not where somebody started it with nohup."""
    return signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN


def die_with_parent(number: int, parent: int) -> None:
    """Ask the kernel to send this process a signal when its parent dies, be it by SIGKILL. Linux only.

    Takes hold for the thread that started the process: start children from the main thread.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before the line above
        os.kill(os.getpid(), signal.SIGKILL)


def _become(title: str, program: Program, parent: int) -> None:
    with suppress(PermissionError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if minds_hang_up():
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    die_with_parent(signal.SIGTERM, parent)
    instance_lock.let_go()
    setproctitle(title)
    _plainly(program)


def _plainly(program: Program) -> None:
    """A user's mistake is one line and exit code 1, never a traceback."""
    try:
        sys.exit(program())
    except FastpixError as problem:
        sys.stderr.write(f"fastpix: {problem}\n")
        sys.exit(1)
    except KeyboardInterrupt:  # its parent says so
        sys.exit(INTERRUPTED)
