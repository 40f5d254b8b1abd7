"""`/healthz`: the process answers. `/readyz`: database, migrations and storage are as they must be, else 503.

A disk without room for uploads is said there too, and is no 503: everything else works.

`fastpix doctor` asks `/healthz` with a signed header, and is told how its request arrived.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, json, request

from fastpix import schema_revision
from fastpix.crypto import seal
from fastpix.db import reading
from fastpix.storage import instance as storage
from fastpix.storage import room

log = logging.getLogger(__name__)
STORAGE_SECONDS = 10.0
# How long each of the two may take: who probes gives up soon, and a silent answer would be taken for a dead process.
LIMIT_SECONDS = 2.0
DATABASE_SILENT = {"database": "does not answer", "migrations": "cannot be read"}
# Header by which `fastpix doctor` asks what a request looks like from here; its value is signed.
DOCTOR = "X-Fastpix-Doctor"
_told: list[Any] = [-STORAGE_SECONDS * 2, ""]


Answer = dict[str, str]


class Probe:
    """What asks something that may not answer for long, in a thread of its own: one at a time, however many want to know."""

    def __init__(self, app: Flask, ask: Callable[[], Answer], silent: Answer) -> None:
        self._app, self._ask, self._silent = app, ask, silent
        self._lock = threading.Lock()
        self._under_way: Future[Answer] | None = None

    def answer(self, seconds: float) -> Answer:
        """What was found within so many seconds; else what is said of silence."""
        with self._lock:
            if self._under_way is None or self._under_way.done():
                self._under_way = Future()
                threading.Thread(
                    target=self._run, args=(self._under_way,), name=self._ask.__name__, daemon=True
                ).start()
            under_way = self._under_way
        try:
            return under_way.result(seconds)
        except TimeoutError:
            return self._silent

    def _run(self, under_way: Future[Answer]) -> None:
        try:
            with self._app.app_context(), reading():
                found = self._ask()
        except Exception as problem:  # noqa: BLE001  # the request raises it
            under_way.set_exception(problem)
        else:
            under_way.set_result(found)


def install(app: Flask) -> None:
    database = Probe(app, _database, DATABASE_SILENT)
    stored = Probe(app, _storage, {"storage": "does not answer"})

    @app.get("/healthz")
    def healthz() -> Response:
        if _is_doctor(request.headers.get(DOCTOR, "")):
            return Response(json.dumps(seen()) + "\n", mimetype="application/json")
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        checks = database.answer(LIMIT_SECONDS) | stored.answer(LIMIT_SECONDS)
        status = 200 if all(text == "ok" for text in checks.values()) else 503
        if checks["storage"] == "ok":  # without room the server is ready all the same, for all but uploads
            checks["storage"] = room.sentence()
        return Response(json.dumps(checks) + "\n", status, mimetype="application/json")


def _is_doctor(given: str) -> bool:
    """Whether `fastpix doctor` of this instance asks, a moment ago: nobody else learns how requests arrive."""
    at, _, signature = given.partition(".")
    return at.isdigit() and abs(time.time() - int(at)) < 60 and seal.is_signed(signature, DOCTOR, at)


def seen() -> dict[str, Any]:
    """How this request looks from here: {url, address, hops}; `hops` is how many proxies said whom they speak for."""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    hops = len([part for part in forwarded.split(",") if part.strip()])
    return {"url": f"{request.scheme}://{request.host}", "address": request.remote_addr, "hops": hops}


def _database() -> Answer:
    """What is asked every few seconds: one statement, which reads the file as `SELECT 1` would not."""
    try:
        state = schema_revision.state()
    except sa.exc.SQLAlchemyError:
        log.warning("readyz: the database does not answer", exc_info=True)
        return DATABASE_SILENT
    if state == "unreleased":
        said = "from before the first release: run fastpix upgrade"
    else:
        said = "ok" if state == "current" else f"{state} than this version: run fastpix upgrade"
    return {"database": "ok", "migrations": said}


def _storage() -> Answer:
    """What the storage says of itself, asked at most every ten seconds, since it writes something to know."""
    if time.monotonic() - _told[0] > STORAGE_SECONDS:
        _told[:] = [time.monotonic(), storage.get().check()]
    return {"storage": str(_told[1])}
