"""`/healthz`: the process answers. `/readyz`: database, migrations and storage are as they must be, else 503.

A disk without room for uploads is said there too, and is no 503: everything else works.

`fastpix doctor` asks `/healthz` with a signed header, and is told how its request arrived.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, json, request

from fastpix import schema_revision
from fastpix.crypto import seal
from fastpix.storage import instance as storage
from fastpix.storage import room

log = logging.getLogger(__name__)
STORAGE_SECONDS = 10.0
# Header by which `fastpix doctor` asks what a request looks like from here; its value is signed.
DOCTOR = "X-Fastpix-Doctor"
_told: list[Any] = [-STORAGE_SECONDS * 2, ""]


def install(app: Flask) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        if _is_doctor(request.headers.get(DOCTOR, "")):
            return Response(json.dumps(seen()) + "\n", mimetype="application/json")
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        checks = {**_database(), "storage": _storage()}
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


def _database() -> dict[str, str]:
    """What is asked every few seconds: one statement, which reads the file as `SELECT 1` would not."""
    try:
        state = schema_revision.state()
    except sa.exc.SQLAlchemyError:
        log.warning("readyz: the database does not answer", exc_info=True)
        return {"database": "does not answer", "migrations": "cannot be read"}
    if state == "unreleased":
        said = "from before the first release: run fastpix upgrade"
    else:
        said = "ok" if state == "current" else f"{state} than this version: run fastpix upgrade"
    return {"database": "ok", "migrations": said}


def _storage() -> str:
    """What the storage says of itself, asked at most every ten seconds, since it writes something to know."""
    if time.monotonic() - _told[0] > STORAGE_SECONDS:
        _told[:] = [time.monotonic(), storage.get().check()]
    return str(_told[1])
