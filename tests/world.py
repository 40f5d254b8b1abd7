"""The world a test starts in: an application on one database, built once and put back before every test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from fastpix.access import principal
from fastpix.access_check.contents import Contents, all_rows
from fastpix.app import create_app
from fastpix.backup import migrations
from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.db import Base, db, set_reading
from tests.cast import Cast, make_cast, stay_proved

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
        migrations.upgrade()


class World:
    """One application with the cast in its database. `reset` puts every table back as the cast left it."""

    def __init__(self, kind: str, settings: Settings) -> None:
        self.kind, self.settings = kind, settings
        self.app = create_app(settings)
        self.instance: Instance = self.app.extensions["fastpix"]
        with self.app.app_context():
            self.engine = db.engine
        migrate(self.app)
        self.cast: Cast = make_cast(self.app)
        self._contents = Contents(self.engine)
        self._rows = self.rows()
        self._stored = self._contents.rows()
        self._pristine = self._contents.copy() if kind == "sqlite" else None
        # What `digest` says of a world that was just reset; it need not be read again before every request.
        self.untouched = self._contents.digest()
        self._clean_at = self._contents.mark()

    def reset(self) -> None:
        """Put tables and the process's settings back; other tests may have made other applications meanwhile."""
        self.instance.settings = self.settings
        self.instance.begin()
        stay_proved(self.instance)
        principal.enter(principal.NOBODY)
        set_reading(False)  # a page that was looked at before left it so
        if self._contents.mark() == self._clean_at:
            return
        if self._pristine is not None:
            self._contents.restore(self._pristine, self._stored)
        else:
            self._put_back_what_changed()
        self._clean_at = self._contents.mark()

    def _put_back_what_changed(self) -> None:
        present = self._contents.rows()
        changed = [table for table in Base.metadata.sorted_tables if present[table.name] != self._stored[table.name]]
        if changed:
            with self._without_references() as connection:
                for table in reversed(changed):
                    connection.execute(table.delete())
                for table in changed:
                    if self._rows[table.name]:
                        connection.execute(table.insert(), [dict(row) for row in self._rows[table.name]])

    def set(self, **settings: Any) -> None:
        """Go on with other settings, until the next reset."""
        self.instance.settings = replace(self.settings, **settings)
        self.instance.begin()
        stay_proved(self.instance)

    def put_back(self, names: Iterable[str]) -> None:
        """Put some tables back without looking what changed: for hundreds of rounds of one race."""
        with self._without_references() as connection:
            for table in Base.metadata.sorted_tables:
                if table.name in names:
                    connection.execute(table.delete())
                    if self._rows[table.name]:
                        connection.execute(table.insert(), [dict(row) for row in self._rows[table.name]])

    @contextmanager
    def rounds_begin_here(self) -> Iterator[None]:
        """Within it, `put_back` leads to what is stored now, and not to what the cast left."""
        cast_left, self._rows = self._rows, self.rows()
        try:
            yield
        finally:
            self._rows = cast_left

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every stored row, by table and column."""
        return all_rows(self.engine)

    def digest(self) -> str:
        """A hash of all that is stored; see `Contents.digest`."""
        return self.untouched if self._contents.mark() == self._clean_at else self._contents.digest()

    def close(self) -> None:
        self._contents.close()
        if self._pristine is not None:
            self._pristine.close()
        self.engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A database session for looking and arranging. Never hold it open around a request of a door."""
        with self.app.app_context():
            set_reading(False)
            yield db.session
            db.session.commit()

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
