"""The world a test starts in: an application on one database, built once and put back before every test."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import sqlalchemy as sa
from flask import Flask

from fastpix import app as application
from fastpix.access import principal
from fastpix.app import create_app
from fastpix.db import Base, db, reading, set_reading
from fastpix.settings import Settings
from tests.cast import Cast, make_cast

KEY = "the secret key of all tests, long enough"
# Written beside a request, or counting it: a refusal may change them.
VOLATILE_TABLES = {"limit_counts", "form_keys", "alembic_version", "audit_heads"}
VOLATILE_COLUMNS = {"last_seen_at", "last_used_at", "last_used_from"}
# sessions.address is noted with last_seen_at.
VOLATILE_OF = {"sessions": {"address"}}

# A table's columns, and its rows as the driver gives them.
Stored = tuple[tuple[str, ...], list[tuple[Any, ...]]]


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


class Changes:
    """Tells whether anybody wrote to a database since, by what the database itself counts: reading it all is slow."""

    def __init__(self, engine: sa.Engine) -> None:
        self._is_sqlite = engine.dialect.name == "sqlite"
        if self._is_sqlite:
            assert engine.url.database
            self._connection: Any = sqlite3.connect(engine.url.database, check_same_thread=False)
        else:
            address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(address, autocommit=True)

    def mark(self) -> tuple[Any, ...]:
        """Differs from every earlier one after a write: SQLite counts commits of others, PostgreSQL transactions."""
        asked = "PRAGMA data_version" if self._is_sqlite else "SELECT pg_current_snapshot()::text"
        return tuple(self._connection.execute(asked).fetchone())

    def close(self) -> None:
        self._connection.close()


class World:
    """One application with the cast in its database. `reset` puts every table back as the cast left it."""

    def __init__(self, kind: str, settings: Settings) -> None:
        self.kind, self.settings = kind, settings
        self.app = create_app(settings)
        with self.app.app_context():
            self.engine = db.engine
        migrate(self.app)
        self.cast: Cast = make_cast(self.app)
        self._changes = Changes(self.engine)
        self._rows = self._read()
        self._stored = self._as_stored()
        # What `digest` says of a world that was just reset; it need not be read again before every request.
        self.untouched = self._digest_of(self._stored)
        self._clean_at = self._changes.mark()

    def reset(self) -> None:
        """Put tables and the process's settings back; other tests may have made other applications meanwhile."""
        application._configure(self.app, self.settings)
        principal.enter(principal.NOBODY)
        if self._changes.mark() == self._clean_at:
            return
        present = self._as_stored()
        changed = [table for table in Base.metadata.sorted_tables if present[table.name] != self._stored[table.name]]
        if changed:
            with self._without_references() as connection:
                for table in reversed(changed):
                    connection.execute(table.delete())
                for table in changed:
                    if self._rows[table.name]:
                        connection.execute(table.insert(), [dict(row) for row in self._rows[table.name]])
        self._clean_at = self._changes.mark()

    def put_back(self, names: Iterable[str]) -> None:
        """Put some tables back without looking what changed: for hundreds of rounds of one race."""
        with self._without_references() as connection:
            for table in Base.metadata.sorted_tables:
                if table.name in names:
                    connection.execute(table.delete())
                    if self._rows[table.name]:
                        connection.execute(table.insert(), [dict(row) for row in self._rows[table.name]])

    def digest(self) -> str:
        """A hash of all that is stored, but for notes of presence, counts of tries, and what was denied or refused.

        A denied attempt leaves its row in the audit log on purpose, and moves the head of the chain; nothing else may
        change with it, and no row of a change may be there.
        """
        return self.untouched if self._changes.mark() == self._clean_at else self._digest_of(self._as_stored())

    @staticmethod
    def _digest_of(stored: dict[str, Stored]) -> str:
        said = hashlib.sha256()
        for name, (columns, rows) in sorted(stored.items()):
            if name in VOLATILE_TABLES:
                continue
            hidden = VOLATILE_COLUMNS | VOLATILE_OF.get(name, set())
            shown = [at for at, column in enumerate(columns) if column not in hidden]
            if name == "audit_log":
                result = columns.index("result")
                rows = [row for row in rows if row[result] == "done"]
            kept = sorted(repr([row[at] for at in shown]) for row in rows)
            said.update(f"{name}: {kept}\n".encode())
        return said.hexdigest()

    def close(self) -> None:
        self._changes.close()
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

    def _as_stored(self) -> dict[str, Stored]:
        """The same as the driver gives it: sixty times as quick, and read before and after thousands of requests."""
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            found: dict[str, Stored] = {}
            for table in Base.metadata.sorted_tables:
                cursor.execute(f'SELECT * FROM "{table.name}"')  # names of our own tables
                found[table.name] = (tuple(column[0] for column in cursor.description), cursor.fetchall())
            return found
        finally:
            connection.close()

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
