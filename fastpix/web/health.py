"""`/healthz`: the process answers. `/readyz`: database, migrations and storage are as they must be, else 503."""

from __future__ import annotations

import logging
import time
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, Response, json, request

from fastpix import seal
from fastpix.db import db
from fastpix.settings import PROJECT
from fastpix.storage import instance as storage

log = logging.getLogger(__name__)
MIGRATIONS = PROJECT / "migrations"
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
        checks = {"database": _database(), "migrations": _migrations(), "storage": _storage()}
        status = 200 if all(text == "ok" for text in checks.values()) else 503
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


def schema_state() -> str:
    """How the database's schema stands to this version's migrations: current, older or newer. Needs an app context."""
    present = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    if present == set(_script().get_heads()):
        return "current"
    return "older" if all(map(is_known, present)) else "newer"


def revision() -> str:
    """The migration the database is at; empty for a database without tables. Needs an app context."""
    return ",".join(sorted(MigrationContext.configure(db.session.connection()).get_current_heads()))


def is_known(name: str) -> bool:
    """Whether this version has the migration: the database is not of a newer one."""
    return not name or name in {revision.revision for revision in _script().walk_revisions()}


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def _database() -> str:
    try:
        sa.inspect(db.session.connection()).get_table_names()  # SELECT 1 would not touch a broken file
    except sa.exc.SQLAlchemyError:
        log.warning("readyz: the database does not answer", exc_info=True)
        return "does not answer"
    return "ok"


def _migrations() -> str:
    try:
        state = schema_state()
    except sa.exc.SQLAlchemyError:
        return "cannot be read"
    return "ok" if state == "current" else f"{state} than this version: run fastpix upgrade"


def _storage() -> str:
    """What the storage says of itself, asked at most every ten seconds, since it writes something to know."""
    if time.monotonic() - _told[0] > STORAGE_SECONDS:
        _told[:] = [time.monotonic(), storage.get().check()]
    return str(_told[1])
