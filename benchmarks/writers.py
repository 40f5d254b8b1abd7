"""Many clients that write at once to an instance on SQLite, which has one writer: how long the unluckiest waits.

Against it stands the same server whose writers knock at SQLite's lock as SQLite lets them, without standing in line.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from benchmarks import serving, tenant
from benchmarks.frame import Benchmark, Found, Options, Row, most
from fastpix import sqlite_turns
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.db import db

CLIENTS = 200
LONGEST = Row("longest write, 200 clients at once", "s", "knocking at SQLite's lock", most(0.33))
RATE = Row("writes a second of them", "a second", "knocking at SQLite's lock")
REFUSED = Row("writes refused with 503", "of all", "knocking at SQLite's lock", most(0, "of all"))


def without_turns() -> Flask:
    """The application as it was before writers stood in line: gunicorn makes it by this name."""
    sqlite_turns.take = lambda _database, _patience: sqlite_turns.Turn(sqlite_turns.Line(), None)
    return create_app()


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    seconds = options.quick(5, 40)
    before = _storm(f"{__name__}:{without_turns.__name__}()", seconds)
    after = _storm(serving.programs.APPLICATION, seconds)
    for place, row in enumerate((LONGEST, RATE, REFUSED)):
        yield row.name, Found(after[place], before[place])


def _storm(application: str, seconds: int) -> tuple[float, float, float]:
    """The longest wait in seconds, writes a second, and the share that was refused."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        app = create_app(Settings(instance_path=instance, password_memory_kib=64))
        tenant.migrate(app)
        here = tenant.found(app, "Organization")
        with app.app_context():
            db.engine.dispose()
        with serving.gunicorn(instance, application, workers=Settings.web_workers, **tenant.MANY) as (port, _):
            waits: list[tuple[float, int]] = []
            threads = [threading.Thread(target=_write, args=(port, here, n, seconds, waits)) for n in range(CLIENTS)]
            began = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            taken = time.monotonic() - began
    done = [wait for wait, status in waits if status == 200]
    others = {status for _, status in waits} - {200, 503}
    if others:
        print(f"writers: answers of {others}", file=sys.stderr)
    return max(wait for wait, _ in waits), len(done) / taken, 1 - len(done) / len(waits)


def _write(port: int, here: tenant.Tenant, number: int, seconds: int, waits: list[tuple[float, int]]) -> None:
    """Describe the workspace anew, again and again."""
    headers = here.api_headers(f"127.0.0.1:{port}") | {"Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        turn += 1
        body = json.dumps({"description": f"{number}, {turn}"})
        began = time.monotonic()
        connection.request("PATCH", f"/v1/iam/workspaces/{here.workspace_id}", body, headers)
        answer = connection.getresponse()
        answer.read()
        waits.append((time.monotonic() - began, answer.status))


BENCHMARKS = (Benchmark("writers", "200 clients that write at once to SQLite", (LONGEST, RATE, REFUSED), measure),)
