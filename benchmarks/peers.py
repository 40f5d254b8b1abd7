"""Side by side with Django: the same members page and API list, each under gunicorn as `fastpix up` starts it, one process.

Requests a second of a real load generator over real sockets, in short turns so that other load falls on both alike.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from benchmarks import filling, house, load, serving
from benchmarks.frame import Benchmark, Found, Options, Row, Unavailable, least
from fastpix.app import create_app
from fastpix.db import db
from fastpix.settings import Settings

SIZE = 100
DJANGO = "benchmarks.django_peer:application"
PAGE = Row("members page, side by side", "requests/s", "Django", least(2))
PAGE_CPU = Row("members page, per second of processor time", "requests", "Django", least(2))
LIST = Row("API list of 25 media, side by side", "requests/s", "Django", least(2))
LIST_CPU = Row("API list of 25 media, per second of processor time", "requests", "Django", least(2))
Server = tuple[int, psutil.Process, str, Mapping[str, str]]  # port, first process, path, headers


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    if importlib.util.find_spec("django") is None:
        raise Unavailable("needs Django: .venv/bin/pip install -r benchmarks/requirements.txt")
    with tempfile.TemporaryDirectory() as folder:
        instance, environ = Path(folder), {"BENCHMARK_FOLDER": folder}
        ours, theirs = _filled(instance), _filled_django(environ)
        with (
            serving.gunicorn(instance, **house.MANY) as (port, process),
            serving.gunicorn(instance, DJANGO, environ=environ) as (their_port, their_process),
        ):
            host, their_host = f"127.0.0.1:{port}", f"127.0.0.1:{their_port}"
            cookie, basic = {"Cookie": f"sessionid={theirs['cookie']}"}, {"Authorization": f"Basic {theirs['basic']}"}
            there = {"Host": their_host}
            page, listed = f"/o/{ours.slug}/members/", "/v1/on-demand?limit=25"
            their_page = f"/o/{theirs['slug']}/members/"
            pairs: list[tuple[Row, Row, Server, Server]] = [
                (
                    PAGE,
                    PAGE_CPU,
                    (port, process, page, ours.page_headers(host)),
                    (their_port, their_process, their_page, cookie | there),
                ),
                (
                    LIST,
                    LIST_CPU,
                    (port, process, listed, ours.api_headers(host)),
                    (their_port, their_process, listed, basic | there),
                ),
            ]
            for row, cpu_row, mine, other in pairs:
                rounds = [(_once(mine, options), _once(other, options)) for _ in range(options.quick(1, 5))]
                for place, each in enumerate((row, cpu_row)):
                    ratio = statistics.median(a[place] / b[place] for a, b in rounds)
                    values = [statistics.median(pair[side][place] for pair in rounds) for side in (0, 1)]
                    yield each.name, Found(values[0], values[1], ratio)


def _once(server: Server, options: Options) -> tuple[float, float]:
    """(requests a second, requests per second of processor time) of one turn."""
    port, process, path, headers = server
    seconds = options.quick(2, 4)
    load.once(port, path, headers)
    before = serving.cpu_seconds(process)
    rate = load.requests_a_second(port, path, headers, seconds)
    return rate, rate * seconds / (serving.cpu_seconds(process) - before)


def _filled(instance: Path) -> house.House:
    app = create_app(Settings(instance_path=instance))
    house.migrate(app)
    here = house.found(app, "House")
    filling.fill(app, here, SIZE, filling.members)
    filling.fill(app, here, SIZE, filling.media_with_tracks)
    with app.app_context():
        db.engine.dispose()
    return here


def _filled_django(environ: Mapping[str, str]) -> dict[str, str]:
    command = [sys.executable, "-m", "benchmarks.django_peer", str(SIZE)]
    told = os.environ | dict(environ) | {"PYTHONPATH": str(serving.ROOT)}
    done = subprocess.run(command, env=told, cwd=serving.ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


BENCHMARKS = (
    Benchmark("peers", "the same page and list in Django", (PAGE, PAGE_CPU, LIST, LIST_CPU), measure, is_slow=True),
)
