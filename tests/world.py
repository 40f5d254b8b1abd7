"""The world a test starts in: an application on one database, built once and put back before every test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import sqlalchemy as sa
from flask import Flask

from fastpix import app as application
from fastpix.access import principal
from fastpix.app import create_app
from fastpix.db import Base, db, reading, set_reading
from fastpix.settings import Settings
from tests.cast import Cast, make_cast
from tests.stored import Contents

KEY = "the secret key of all tests, long enough"


def test_settings(folder: Path, **given: Any) -> Settings:
    """Cheap passwords, no mail server, generous limits; `given` wins."""
    known: dict[str, Any] = {
        "instance_path": folder,
        "public_url": "http://localhost",
        "secret_key": KEY,
        "password_memory_kib": 8,
        "sign_in_attempts": 10_000,
        "invites_per_hour": 100_000,
        "requests_per_token": 1_000_000,
        "requests_per_organization": 1_000_000,
        "requests_per_person": 1_000_000,
        "requests_per_address": 1_000_000,
    }
    return Settings(**known | given)


def migrate(app: Flask) -> None:
    with app.app_context():
        flask_migrate.upgrade()
        db.session.remove()


class World:
    """One application with the cast in its database. `reset` puts every table back as the cast left it."""

    def __init__(self, kind: str, settings: Settings) -> None:
        self.kind, self.settings = kind, settings
        self.app = create_app(settings)
        with self.app.app_context():
            self.engine = db.engine
        migrate(self.app)
        self.cast: Cast = make_cast(self.app)
        self._contents = Contents(self.engine)
        self._rows = self._read()
        self._stored = self._contents.rows()
        # What `digest` says of a world that was just reset; it need not be read again before every request.
        self.untouched = self._contents.digest()
        self._clean_at = self._contents.mark()

    def reset(self) -> None:
        """Put tables and the process's settings back; other tests may have made other applications meanwhile."""
        application._configure(self.app, self.settings)
        principal.enter(principal.NOBODY)
        if self._contents.mark() == self._clean_at:
            return
        present = self._contents.rows()
        changed = [table for table in Base.metadata.sorted_tables if present[table.name] != self._stored[table.name]]
        if changed:
            with self._without_references() as connection:
                for table in reversed(changed):
                    connection.execute(table.delete())
                for table in changed:
                    if self._rows[table.name]:
                        connection.execute(table.insert(), [dict(row) for row in self._rows[table.name]])
        self._clean_at = self._contents.mark()

    def put_back(self, names: Iterable[str]) -> None:
        """Put some tables back without looking what changed: for hundreds of rounds of one race."""
        with self._without_references() as connection:
            for table in Base.metadata.sorted_tables:
                if table.name in names:
                    connection.execute(table.delete())
                    if self._rows[table.name]:
                        connection.execute(table.insert(), [dict(row) for row in self._rows[table.name]])

    def digest(self) -> str:
        """A hash of all that is stored; see `Contents.digest`."""
        return self.untouched if self._contents.mark() == self._clean_at else self._contents.digest()

    def close(self) -> None:
        self._contents.close()
        self.engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A database session for looking and arranging. Never hold it open around a request of a door."""
        with self.app.app_context():
            set_reading(False)
            yield db.session
            db.session.commit()

    def _read(self) -> dict[str, list[dict[str, Any]]]:
        with reading(), self.engine.connect() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in Base.metadata.sorted_tables
            }

    @contextmanager
    def _without_references(self) -> Iterator[sa.Connection]:
        """A transaction in which foreign keys rest: tables are written in any order."""
        set_reading(False)
        with self.engine.connect() as connection:
            if self.kind == "sqlite":  # only heard outside a transaction
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
            else:
                connection.exec_driver_sql("SET LOCAL session_replication_role=replica")
            yield connection
            connection.commit()
            if self.kind == "sqlite":
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
