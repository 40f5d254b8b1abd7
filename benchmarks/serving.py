"""Real servers: gunicorn as `fastpix up` starts it, or the whole program, on ports of their own."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from fastpix.config.settings import Settings
from fastpix.processes import programs

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 300  # a busy machine may take that; what is measured is told as it is


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(port: int) -> None:
    """Wait until something listens on a port of this machine."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {port}")


def _answered(port: int) -> None:
    """Wait for an answer, whatever it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    connection.close()


def environment(instance: Path, port: int, **more: object) -> dict[str, str]:
    """The environment of a program on this instance; settings of whoever measures are left out."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FASTPIX_")}
    settings = {"instance_path": instance, "bind": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"}
    given = {f"FASTPIX_{name.upper()}": str(value) for name, value in (settings | more).items()}
    return kept | given | {"PYTHONPATH": str(ROOT)}


@contextmanager
def running(command: Sequence[str], environ: Mapping[str, str], log: Path) -> Iterator[psutil.Process]:
    """A program, which is ended afterwards: asked, and killed where it does not listen."""
    with log.open("w") as file:
        started = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=file, stderr=file)
    try:
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        try:
            started.wait(60)
        except subprocess.TimeoutExpired:  # what it started dies with it
            started.kill()
            started.wait()


@contextmanager
def gunicorn(
    instance: Path,
    application: str = programs.APPLICATION,
    *,
    workers: int = 1,
    threads: int = Settings.web_threads,
    environ: Mapping[str, str] | None = None,
    **settings: object,
) -> Iterator[tuple[int, psutil.Process]]:
    """An application under gunicorn with the options of `fastpix up`: its port and its first process."""
    port = free_port()
    bind = Settings(bind=f"127.0.0.1:{port}", web_workers=workers, web_threads=threads)
    command = [sys.executable, "-m", "gunicorn", *programs.web_options(bind), application]
    environ = environment(instance, port, **settings) | dict(environ or {})
    with running(command, environ, instance / f"log-{port}") as process:
        until(port)
        for _ in range(2 * workers):  # it listens before its workers have loaded the application
            _answered(port)
        yield port, process


def family(first: psutil.Process) -> list[psutil.Process]:
    return [first, *first.children(recursive=True)]


def cpu_seconds(first: psutil.Process) -> float:
    """Of a process and all it started."""
    times = [each.cpu_times() for each in family(first)]
    return sum(each.user + each.system for each in times)


def pss_mib(processes: Sequence[psutil.Process]) -> float:
    """Memory of processes, what they share counted once (PSS)."""
    return sum(each.memory_full_info().pss for each in processes) / (1 << 20)


def fastpix(*words: str) -> list[str]:
    return [sys.executable, "-m", "fastpix", *words]
