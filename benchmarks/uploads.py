"""An upload of 1 GiB against a bare streaming view of the same server that writes the same bytes; and the memory it takes.

    python benchmarks/uploads.py [--mib 1024] [--rounds 3]

Both are gunicorn as `fastpix up` starts it. One PUT each, in turns, so that other load falls on both alike; both end with
the file safe on disk (fsync).
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import flask_migrate
import psutil
from flask import Flask, Response, request

from fastpix import supervisor
from fastpix.access import principal
from fastpix.app import create_app
from fastpix.db import db, set_reading
from fastpix.resources.media import uploads
from fastpix.resources.media.asked import Asked
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import domain as workspaces
from fastpix.settings import Settings

GOAL, MEMORY_GOAL = 0.9, 64
PIECE = 256 * 1024
ROOT = Path(__file__).resolve().parents[1]


def bare() -> Flask:
    """The floor: a Flask application that writes what comes to a file."""
    app = Flask("bare")
    folder = Path(os.environ["BENCHMARK_FOLDER"])

    @app.put("/<name>")
    def take(name: str) -> Response:
        with (folder / name).open("wb", buffering=0) as file:
            while data := request.stream.read(PIECE):
                file.write(data)
            os.fsync(file.fileno())
        return Response("ok")

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        with (
            _server(instance, "fastpix.app:create_app()") as (port, process),
            _server(instance, "benchmarks.uploads:bare()") as (bare_port, bare_process),
        ):
            paths = _addresses(instance, port, given.rounds + 1)
            _send(port, paths.pop(), 1)
            _send(bare_port, "/warm", 1)
            _report(_measure(paths, (port, process), (bare_port, bare_process), given.mib))


def _measure(
    paths: list[str], ours: tuple[int, psutil.Process], floor: tuple[int, psutil.Process], mib: int
) -> list[tuple[float, float, float, float]]:
    """(seconds, seconds of the floor, MiB above idle, MiB of the floor above idle) of each round."""
    rounds = []
    for number, path in enumerate(paths):
        mine = _watched(ours, path, mib)
        bare_one = _watched(floor, f"/file{number}", mib)
        rounds.append((mine[0], bare_one[0], mine[1], bare_one[1]))
    return rounds


def _addresses(instance: Path, port: int, count: int) -> list[str]:
    app = create_app(_settings(instance, port))
    with app.app_context():
        flask_migrate.upgrade()
        set_reading(False)
        person = people.add("admin@example.com", "Admin", "benchmark password", is_verified=True)
        with principal.acting(principal.system("benchmark", None)):
            house = organizations.found("House", person)
        with principal.acting(principal.system("benchmark", house["id"])):
            place = workspaces.search()[0]["id"]
            made = [uploads.create(place, Asked(), "*")["url"] for _ in range(count)]
        db.session.commit()
        db.engine.dispose()
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


@contextmanager
def _server(instance: Path, application: str) -> Iterator[tuple[int, psutil.Process]]:
    """gunicorn with the options of `fastpix up`, one process, so that its memory is that of one upload."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = supervisor.web_command(Settings(bind=f"127.0.0.1:{port}", web_workers=1), application)
    environ = os.environ | {
        "FASTPIX_INSTANCE_PATH": str(instance),
        "FASTPIX_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BENCHMARK_FOLDER": str(instance),
        "PYTHONPATH": str(ROOT),
    }
    with (instance / f"log-{port}").open("w") as log:
        started = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=log, stderr=log)
    try:
        _await(port)
        yield port, psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait(30)


def _settings(instance: Path, port: int) -> Settings:
    return Settings(instance_path=instance, public_url=f"http://127.0.0.1:{port}")


def _await(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the server did not start")


def _report(rounds: list[tuple[float, float, float, float]]) -> None:
    mine, floor, memory, floor_memory = (statistics.median(values) for values in zip(*rounds, strict=True))
    ratio = statistics.median(bare_one / ours for ours, bare_one, _, _ in rounds)
    print(f"{'what':24} {'seconds':>8} {'MiB above idle':>15}")
    print(f"{'bare streaming view':24} {floor:8.2f} {floor_memory:15.0f}")
    print(f"{'upload':24} {mine:8.2f} {memory:15.0f}   (goal {MEMORY_GOAL} or less)")
    print(f"upload over bare, by speed: {ratio:.2f} (goal {GOAL} or more)")


if __name__ == "__main__":
    main()
