"""The whole program, as `fastpix up` runs it: how long until it is ready, and what memory it takes idle."""

from __future__ import annotations

import http.client
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks import serving
from benchmarks.frame import Benchmark, Found, Options, Row, most

FIRST = Row("first start, empty folder to /readyz", "s", "")
AGAIN = Row("start to /readyz", "s", "a Python that imports Flask and SQLAlchemy", most(3, "s"))
SPENT = Row("start to /readyz, processor time of all", "s", "a Python that imports Flask and SQLAlchemy")
MEMORY = Row("memory idle, web server and worker (PSS)", "MiB", "a bare Flask view, same web server", most(200, "MiB"))
ALL = Row("memory idle, everything (PSS)", "MiB", "")
SETTLED_SECONDS = 5
BARE = "benchmarks.program:bare()"


def bare() -> object:
    """What the web server takes by itself."""
    from flask import Flask

    return Flask("bare")


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        yield FIRST.name, Found(_start(instance, 1)[0])
        seconds, spent, memory = _start(instance, options.quick(1, 3))
        floor, floor_spent = _floor()
        yield AGAIN.name, Found(seconds, floor)
        yield SPENT.name, Found(spent, floor_spent)
        with serving.gunicorn(instance, BARE, workers=2) as (_, process):
            time.sleep(SETTLED_SECONDS / 5)
            bare_mib = serving.pss_mib(serving.family(process))
        programs = memory["gunicorn"] + memory["worker"]
        yield MEMORY.name, Found(programs, bare_mib)
        yield ALL.name, Found(sum(memory.values()))


def _start(instance: Path, rounds: int) -> tuple[float, float, dict[str, float]]:
    """The least seconds, and seconds of processor time, from nothing to ready of some rounds; MiB by program once all
    is quiet."""
    taken, spent, memory = [], [], {}
    for number in range(rounds):
        port, live_port = serving.free_port(), serving.free_port()
        environ = serving.environment(instance, port, live_bind=f"127.0.0.1:{live_port}", srt_bind="off")
        began = time.perf_counter()
        with serving.running(serving.fastpix("up"), environ, instance / "log") as process:
            _await_ready(port, process)
            taken.append(time.perf_counter() - began)
            spent.append(serving.cpu_seconds(process))
            if number == rounds - 1:
                serving.until(live_port)
                time.sleep(SETTLED_SECONDS)
                memory = _memory(process)
    return min(taken), min(spent), memory


def _await_ready(port: int, process: psutil.Process) -> None:
    end = time.monotonic() + serving.START_SECONDS
    while time.monotonic() < end and process.is_running():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError("fastpix up did not become ready")


def _memory(supervisor: psutil.Process) -> dict[str, float]:
    """MiB by program: the supervisor itself, gunicorn with its processes, worker, live."""
    found = {"supervisor": serving.pss_mib([supervisor])}
    for child in supervisor.children():
        title = " ".join(child.cmdline()).strip()
        found["gunicorn" if "gunicorn" in title else title.split()[-1]] = serving.pss_mib(serving.family(child))
    return found


def _floor() -> tuple[float, float]:
    """Seconds, and seconds of processor time, of a program that only imports."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import flask, sqlalchemy.orm"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, spent


BENCHMARKS = (Benchmark("program", "start-up and memory of `fastpix up`", (FIRST, AGAIN, SPENT, MEMORY, ALL), measure),)
