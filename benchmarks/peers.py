"""Side by side with a peer: the same members page and API list, each under gunicorn as `fastpix up` starts it, one process.

Requests a second of a real load generator over real sockets, in short turns so that other load falls on both alike.

A peer is a folder with a `peer.py`, in any framework that this Python has. Run with a number, `python peer.py 100`, it
makes an organization of so many members and media in the folder $BENCHMARK_FOLDER, and its last line is the JSON object
{"page": {"path": ..., "headers": {...}}, "list": {"path": ..., "headers": {...}}}: a page of 25 members and an API list
of 25 media, with what opens them. Its `application` is then served, with the same $BENCHMARK_FOLDER.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from benchmarks import filling, load, serving, tenant
from benchmarks.frame import Benchmark, Found, Options, Row, Unavailable, least
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.db import db

SIZE = 100
PAGE = Row("members page, side by side", "requests/s", "the peer", least(2))
PAGE_CPU = Row("members page, per second of processor time", "requests", "the peer", least(2))
LIST = Row("API list of 25 media, side by side", "requests/s", "the peer", least(2))
LIST_CPU = Row("API list of 25 media, per second of processor time", "requests", "the peer", least(2))
Asked = tuple[str, Mapping[str, str]]  # path, headers
Server = tuple[int, psutil.Process]  # port, first process


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    if options.peer is None:
        raise Unavailable("needs --peer FOLDER, what to compare with: README, “How fast”")
    with tempfile.TemporaryDirectory() as folder:
        instance, peer = Path(folder), str(options.peer.resolve())
        environ = {"BENCHMARK_FOLDER": folder, "PYTHONPATH": peer}
        ours, theirs = _filled(instance), _filled_peer(peer, environ)
        with (
            serving.gunicorn(instance, **tenant.MANY) as mine,
            serving.gunicorn(instance, "peer:application", environ=environ) as other,
        ):
            host = f"127.0.0.1:{mine[0]}"
            rows: list[tuple[Row, Row, Asked, Asked]] = [
                (PAGE, PAGE_CPU, (f"/o/{ours.slug}/members/", ours.page_headers(host)), theirs["page"]),
                (LIST, LIST_CPU, ("/v1/on-demand?limit=25", ours.api_headers(host)), theirs["list"]),
            ]
            for row, cpu_row, here, there in rows:
                rounds = [
                    (_once(mine, here, options), _once(other, there, options)) for _ in range(options.quick(1, 5))
                ]
                for place, each in enumerate((row, cpu_row)):
                    ratio = statistics.median(a[place] / b[place] for a, b in rounds)
                    values = [statistics.median(pair[side][place] for pair in rounds) for side in (0, 1)]
                    yield each.name, Found(values[0], values[1], ratio)


def _once(server: Server, asked: Asked, options: Options) -> tuple[float, float]:
    """(requests a second, requests per second of processor time) of one turn."""
    (port, process), (path, headers) = server, asked
    seconds = options.quick(2, 4)
    headers = {"Host": f"127.0.0.1:{port}"} | dict(headers)
    load.once(port, path, headers)
    before = serving.cpu_seconds(process)
    rate = load.requests_a_second(port, path, headers, seconds)
    return rate, rate * seconds / (serving.cpu_seconds(process) - before)


def _filled(instance: Path) -> tenant.Tenant:
    app = create_app(Settings(instance_path=instance))
    tenant.migrate(app)
    here = tenant.found(app, "Organization")
    filling.fill(app, here, SIZE, filling.members)
    filling.fill(app, here, SIZE, filling.media_with_tracks)
    with app.app_context():
        db.engine.dispose()
    return here


def _filled_peer(peer: str, environ: Mapping[str, str]) -> dict[str, Asked]:
    """Path and headers of its `page` and its `list`. Raises `Unavailable` with what it said, if it made neither."""
    command = [sys.executable, f"{peer}/peer.py", str(SIZE)]
    done = subprocess.run(
        command, check=False, env=os.environ | dict(environ), cwd=peer, capture_output=True, text=True
    )
    if done.returncode:
        raise Unavailable(f"{peer}/peer.py: {(done.stderr.strip() or 'it failed').splitlines()[-1]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return {name: (told[name]["path"], told[name]["headers"]) for name in ("page", "list")}


BENCHMARKS = (
    Benchmark("peers", "the same page and list elsewhere", (PAGE, PAGE_CPU, LIST, LIST_CPU), measure, is_slow=True),
)
