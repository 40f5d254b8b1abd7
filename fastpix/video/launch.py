"""The program between the worker and ffmpeg: gives itself up to the limits, then becomes the program named.

`python -I -S launch.py PARENT CPU_SECONDS MEMORY_BYTES FILE_BYTES PROGRAM ARGUMENT...`. PARENT 0: it may outlive who
started it (it ends when its input does). It is a program of its own because `preexec_fn` may deadlock in a process with
threads. Standard library only, so that it starts in milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

# linux/prctl.h and linux/sched.h
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
OPEN_FILES = 64


def leave_the_network(libc: ctypes.CDLL) -> None:
    """Go where there is no network, not even loopback. Containers may forbid it; then the whitelists stand alone."""
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def die_with(parent: int, libc: ctypes.CDLL) -> None:
    """Have the kernel kill this process when the worker's thread that started it is gone, however it went."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel knew
        os._exit(1)


def limit(cpu_seconds: int, memory_bytes: int, file_bytes: int) -> None:
    """Set the kernel's limits. ffmpeg ends tidily at the soft limit of processor time; the hard one kills."""
    lower(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 5)
    lower(resource.RLIMIT_AS, memory_bytes, memory_bytes)
    lower(resource.RLIMIT_FSIZE, file_bytes, file_bytes)
    lower(resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
    lower(resource.RLIMIT_CORE, 0, 0)


def lower(kind: int, soft: int, hard: int) -> None:
    """Set one limit, or keep the operator's where that is stricter: raising it would be refused."""
    _, most = resource.getrlimit(kind)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def main(arguments: list[str]) -> None:
    parent, cpu_seconds, memory_bytes, file_bytes = map(int, arguments[:4])
    command = arguments[4:]
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    leave_the_network(libc)
    if parent:
        die_with(parent, libc)  # after the new namespace: a change of credentials would clear it
    # Python ignores these two, and what is ignored stays ignored in the program that follows.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o027)
    os.nice(10)
    limit(cpu_seconds, memory_bytes, file_bytes)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
