"""An upload of 1 GiB against a bare streaming view of the same server that writes the same bytes; and the memory it takes.

Both are gunicorn as `fastpix up` starts it. One PUT each, in turns, so that other load falls on both alike; both end with
the file safe on disk (fsync).
"""

from __future__ import annotations

import http.client
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from flask import Flask, Response, request

from benchmarks import serving, tenant
from benchmarks.frame import Benchmark, Found, Options, Row, least, most
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.resources.media import options
from fastpix.resources.media.uploads import domain as uploads

READ_BYTES = 256 * 1024
BARE = "bare streaming view, same server"
SPEED = Row("upload of 1 GiB in one PUT", "MiB/s", BARE, least(0.9))
MEMORY = Row("memory of an upload above idle", "MiB", BARE, most(64, "MiB"))


def bare() -> Flask:
    """The floor: a Flask application that writes what comes to a file."""
    app = Flask("bare")
    folder = Path(os.environ["BENCHMARK_FOLDER"])

    @app.put("/<name>")
    def take(name: str) -> Response:
        with (folder / name).open("wb", buffering=0) as file:
            while data := request.stream.read(READ_BYTES):
                file.write(data)
            os.fsync(file.fileno())
        return Response("ok")

    return app


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    mib, count = options.quick(128, 1024), options.quick(1, 7)
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        environ = {"BENCHMARK_FOLDER": folder}
        paths = _addresses(instance, count + 1)
        # One process each, so that its memory is that of one upload.
        with (
            serving.gunicorn(instance, environ=environ) as (port, process),
            serving.gunicorn(instance, "benchmarks.uploads:bare()", environ=environ) as (bare_port, bare_process),
        ):
            _send(port, paths.pop(), 1)
            _send(bare_port, "/warm", 1)
            rounds = _measure(paths, (port, process), (bare_port, bare_process), mib)
    mine, floor, memory, floor_memory = (statistics.median(values) for values in zip(*rounds, strict=True))
    # Not the median of each round's ratio: what the disk still writes of one upload slows whichever comes next.
    yield SPEED.name, Found(mib / mine, mib / floor)
    yield MEMORY.name, Found(memory, max(floor_memory, 0.1))


def _measure(
    paths: list[str], ours: tuple[int, psutil.Process], floor: tuple[int, psutil.Process], mib: int
) -> list[tuple[float, float, float, float]]:
    """(seconds, seconds of the floor, MiB above idle, MiB of the floor above idle) of each round."""
    rounds = []
    for number, path in enumerate(paths):
        turns = [(ours, path), (floor, f"/file{number}")]
        if number % 2:
            turns.reverse()
        taken = {address: _watched(server, address, mib) for server, address in turns}
        mine, bare_one = taken[path], taken[f"/file{number}"]
        rounds.append((mine[0], bare_one[0], mine[1], bare_one[1]))
    return rounds


def _addresses(instance: Path, count: int) -> list[str]:
    """Paths, with their queries, that take one file each."""
    app = create_app(Settings(instance_path=instance))
    tenant.migrate(app)
    here = tenant.found(app, "Organization")
    with tenant.changing(app, here):
        made = [uploads.create(here.workspace_id, options.Options(), "*")["url"] for _ in range(count)]
    parts = [urlsplit(url) for url in made]
    return [f"{part.path}?{part.query}" for part in parts]


def _watched(server: tuple[int, psutil.Process], path: str, mib: int) -> tuple[float, float]:
    """Seconds of one upload, and the most memory the server's processes took above what they had before, in MiB."""
    port, process = server
    before = _memory(process)
    most = [before]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.05):
            most[0] = max(most[0], _memory(process))

    watcher = threading.Thread(target=look)
    watcher.start()
    began = time.perf_counter()
    _send(port, path, mib)
    taken = time.perf_counter() - began
    is_over.set()
    watcher.join()
    return taken, (most[0] - before) / (1 << 20)


def _memory(process: psutil.Process) -> int:
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


def _send(port: int, path: str, mib: int) -> None:
    piece = os.urandom(1 << 20)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("PUT", path, body=(piece for _ in range(mib)), headers={"Content-Length": str(mib << 20)})
    answer = connection.getresponse()
    assert answer.status == 200, (answer.status, answer.read())
    connection.close()


BENCHMARKS = (Benchmark("uploads", "uploads of large files", (SPEED, MEMORY), measure, is_slow=True),)
