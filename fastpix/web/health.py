"""`/healthz`: the process answers. `/readyz`: database, migrations and storage are as they must be, else 503."""

from __future__ import annotations

import logging
import time
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, Response, json

from fastpix.db import db
from fastpix.settings import PROJECT
from fastpix.storage import instance as storage

log = logging.getLogger(__name__)
MIGRATIONS = PROJECT / "migrations"
STORAGE_SECONDS = 10.0
_told: list[Any] = [-STORAGE_SECONDS * 2, ""]


def install(app: Flask) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        checks = {"database": _database(), "migrations": _migrations(), "storage": _storage()}
        status = 200 if all(text == "ok" for text in checks.values()) else 503
        return Response(json.dumps(checks) + "\n", status, mimetype="application/json")


def schema_state() -> str:
    """How the database's schema stands to this version's migrations: current, older or newer. Needs an app context."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    present = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    if present == set(script.get_heads()):
        return "current"
    known = {revision.revision for revision in script.walk_revisions()}
    return "older" if present <= known else "newer"


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
