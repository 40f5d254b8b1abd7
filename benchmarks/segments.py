"""Segments through delivery against the same server's bare static file: requests a second, and processor time of each.

    python benchmarks/segments.py [--seconds 1] [--rounds 20] [--workers 2]

Both run as `fastpix up` starts its web server, one after the other in short turns, so that other load falls on both
alike. The client throws the bytes away inside the kernel (Linux), so that it hardly costs the server any time.
"""

from __future__ import annotations

import argparse
import os
import secrets
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
from uuid import uuid4

import flask_migrate
import psutil
from flask import Flask, Response, send_file

from fastpix import supervisor
from fastpix.access import principal
from fastpix.app import create_app
from fastpix.db import db, set_reading
from fastpix.resources.media.models import READY, Media, PlaybackId
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import domain as workspaces
from fastpix.settings import Settings
from fastpix.storage import instance as storage

SEGMENT_BYTES = 671_000
CONNECTIONS = 8
GOAL = 0.8
VERSION, NAME = "0123456789ab", "720p/s00000.m4s"
ROOT = Path(__file__).resolve().parents[1]
_SINK = bytearray(1 << 20)


def bare() -> Flask:
    """The floor: a Flask application that does nothing but send one file."""
    app = Flask("bare")
    path = os.environ["BENCHMARK_FILE"]

    @app.get("/segment")
    def segment() -> Response:
        return send_file(path, mimetype="video/iso.segment")

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        path, file = _film(instance)
        with (
            _server(instance, given.workers, "fastpix.app:create_app()", file) as (port, process),
            _server(instance, given.workers, "benchmarks.segments:bare()", file) as (bare_port, bare_process),
        ):
            kinds = {"bare": (bare_port, "/segment", bare_process), "delivery": (port, path, process)}
            _report(_measure(kinds, given.seconds, given.rounds))


def _film(instance: Path) -> tuple[str, Path]:
    """A public media with one segment: its path at the server, and its file."""
    app = create_app(Settings(instance_path=instance))
    with app.app_context():
        flask_migrate.upgrade()
        set_reading(False)
        person = people.add("admin@example.com", "Admin", "benchmark password", is_verified=True)
        with principal.acting(principal.system("benchmark", None)):
            house = organizations.add("House", person)
        db.session.flush()
        with principal.acting(principal.system("benchmark", house.id)):
            place = workspaces.search()[0]["id"]
            shape = {"name": "720p", "width": 1280, "height": 720, "bandwidth": 1, "average_bandwidth": 1}
            rendition = shape | {"codecs": "avc1.64001f", "frame_rate": 30.0, "size": SEGMENT_BYTES}
            media = Media(id=uuid4(), workspace_id=place, source_kind="upload", created_by="benchmark", status=READY)
            media.version, media.renditions, media.duration = VERSION, [rendition], 6.0  # else nothing is counted
            playback = PlaybackId(id=uuid4(), media_id=media.id, workspace_id=place, access_policy="public")
            db.session.add(media)
            db.session.flush()
            db.session.add(playback)
            db.session.flush()
            key = f"{media.folder}/{VERSION}/{NAME}"
        db.session.commit()
        path = f"/stream/m/0/-/-/{playback.id}/{VERSION}/{NAME}"
        storage.get().write(key, secrets.token_bytes(SEGMENT_BYTES))
        file = storage.get().local_path(key)
        assert file is not None
        db.engine.dispose()
        return path, file


@contextmanager
def _server(instance: Path, workers: int, application: str, file: Path) -> Iterator[tuple[int, psutil.Process]]:
    """gunicorn with the options of `fastpix up`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = supervisor.web_command(Settings(bind=f"127.0.0.1:{port}", web_workers=workers), application)
    environ = os.environ | {
        "FASTPIX_INSTANCE_PATH": str(instance),
        "FASTPIX_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BENCHMARK_FILE": str(file),
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


def _await(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the server did not start")


def _measure(
    kinds: dict[str, tuple[int, str, psutil.Process]], seconds: float, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Name -> (requests a second, milliseconds of processor time a request) of each round."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for port, path, _ in kinds.values():
        _load(port, path, 1.0)
    for number in range(rounds):
        for name in list(kinds) if number % 2 else reversed(list(kinds)):
            port, path, process = kinds[name]
            before = _cpu(process)
            count = _load(port, path, seconds)
            found[name].append((count / seconds, (_cpu(process) - before) / count * 1000))
    return found


def _cpu(process: psutil.Process) -> float:
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(told.user + told.system for told in times)


def _load(port: int, path: str, seconds: float) -> int:
    """How many segments several connections fetched in that time."""
    counts = [0] * CONNECTIONS
    end = time.monotonic() + seconds

    def fetch(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.monotonic() < end:
                _one(connection, port, path)
                counts[number] += 1

    threads = [threading.Thread(target=fetch, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _one(connection: socket.socket, port: int, path: str) -> None:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(2048)
    assert head.startswith(b"HTTP/1.1 200"), head[:200]
    left = SEGMENT_BYTES - len(head.partition(b"\r\n\r\n")[2])
    while left:
        taken = connection.recv_into(_SINK, min(left, len(_SINK)), socket.MSG_TRUNC)  # nothing is copied
        if not taken:
            sys.exit("the server closed the connection")
        left -= taken


def _report(found: dict[str, list[tuple[float, float]]]) -> None:
    print(f"{'what':28} {'requests/s':>10} {'ms CPU each':>12}")
    for name, rounds in found.items():
        rate, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"{name:28} {rate:10.0f} {cpu:12.2f}")
    pairs = list(zip(found["delivery"], found["bare"], strict=True))
    ratio = statistics.median(mine[0] / floor[0] for mine, floor in pairs)
    cpu = statistics.median(floor[1] / mine[1] for mine, floor in pairs)
    print(f"delivery over bare: {ratio:.2f} by requests, {cpu:.2f} by processor time; goal {GOAL} or more")


if __name__ == "__main__":
    main()
