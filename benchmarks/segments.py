"""Segments through delivery against the same server's bare static file: requests a second, and processor time of each.

Both run as `fastpix up` starts its web server, one after the other in short turns, so that other load falls on both
alike. The client throws the bytes away inside the kernel (Linux), so that it hardly costs the server any time.
"""

from __future__ import annotations

import os
import secrets
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
from flask import Flask, Response, send_file

from benchmarks import serving, tenant
from benchmarks.frame import Benchmark, Found, Options, Row, least
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.db import db
from fastpix.resources.media.models import READY, Media
from fastpix.resources.playback_ids.models import PlaybackId
from fastpix.storage import instance as storage

SEGMENT_BYTES = 671_000
CONNECTIONS, WORKERS = 8, 2
VERSION, NAME = "0123456789ab", "720p/s00000.m4s"
BARE = "bare static file, same server"
RATE = Row("segments a second, 671 kB each", "a second", BARE, least(0.8))
CPU = Row("segments a second of processor time", "a second", BARE, least(0.8))
_SINK = bytearray(1 << 20)


def bare() -> Flask:
    """The floor: a Flask application that does nothing but send one file."""
    app = Flask("bare")
    path = os.environ["BENCHMARK_FILE"]

    @app.get("/segment")
    def segment() -> Response:
        return send_file(path, mimetype="video/iso.segment")

    return app


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        path, file = _film(instance)
        told = {"workers": WORKERS, "environ": {"BENCHMARK_FILE": str(file)}}
        with (
            serving.gunicorn(instance, **told) as (port, process),
            serving.gunicorn(instance, "benchmarks.segments:bare()", **told) as (bare_port, bare_process),
        ):
            kinds = {"bare": (bare_port, "/segment", bare_process), "delivery": (port, path, process)}
            found = _measure(kinds, 1.0, options.quick(3, 20))
    pairs = list(zip(found["delivery"], found["bare"], strict=True))
    for row, place in ((RATE, 0), (CPU, 1)):
        mine, floor = (statistics.median(each[place] for each in found[name]) for name in ("delivery", "bare"))
        yield row.name, Found(mine, floor, statistics.median(ours[place] / base[place] for ours, base in pairs))


def _film(instance: Path) -> tuple[str, Path]:
    """A public media with one segment: its path at the server, and its file."""
    app = create_app(Settings(instance_path=instance))
    tenant.migrate(app)
    here = tenant.found(app, "Organization")
    with tenant.changing(app, here):
        place = here.workspace_id
        shape = {"name": "720p", "width": 1280, "height": 720, "bandwidth": 1, "average_bandwidth": 1}
        rendition = shape | {"codecs": "avc1.64001f", "frame_rate": 30.0, "size": SEGMENT_BYTES}
        media = Media(id=uuid4(), workspace_id=place, source_kind="upload", created_by="benchmark", status=READY)
        media.version, media.renditions, media.duration = VERSION, [rendition], 6.0  # else nothing is counted
        playback = PlaybackId(id=uuid4(), media_id=media.id, workspace_id=place, access_policy="public")
        db.session.add(media)
        db.session.flush()
        db.session.add(playback)
        db.session.flush()
        path = f"/stream/m/0/-/-/{playback.id}/{VERSION}/{NAME}"
        key = f"{media.folder}/{VERSION}/{NAME}"
        storage.get().write(key, secrets.token_bytes(SEGMENT_BYTES))
        file = storage.get().local_path(key)
        assert file is not None
    return path, file


def _measure(
    kinds: dict[str, tuple[int, str, psutil.Process]], seconds: float, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Name -> (requests a second, requests a second of processor time) of each round."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for port, path, _ in kinds.values():
        _load(port, path, 1.0)
    for number in range(rounds):
        for name in list(kinds) if number % 2 else reversed(list(kinds)):
            port, path, process = kinds[name]
            before = serving.cpu_seconds(process)
            count = _load(port, path, seconds)
            found[name].append((count / seconds, count / (serving.cpu_seconds(process) - before)))
    return found


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
            raise RuntimeError("the server closed the connection")
        left -= taken


BENCHMARKS = (Benchmark("segments", "segments through delivery", (RATE, CPU), measure, is_slow=True),)
