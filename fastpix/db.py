"""The database: one session per request, one naming convention, and what SQLite needs to behave.

Two things measured elsewhere decide the shape (`docs/decisions.md`): SQLite's default deferred BEGIN loses writes with
"database is locked", so writers begin IMMEDIATE; and rows are selected as columns for lists, never as entities.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite has no time zone, so it is kept there as naive UTC."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime may not reach the database")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# Text that is compared byte by byte on every database, so that prefix search and keyset order use the index.
Bytewise = sa.String().with_variant(sa.String(collation="C"), "postgresql")


class Base(DeclarativeBase):
    """Base of all models. Models name their table themselves; a query never lives on a model."""

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime(), uuid.UUID: sa.Uuid(), dict[str, Any]: sa.JSON()}


def now() -> datetime:
    """The current time, aware, UTC. The one clock of the application."""
    return datetime.now(UTC)


def id_column() -> Mapped[uuid.UUID]:
    """A UUIDv4 primary key, as the wire contract wants it."""
    return mapped_column(primary_key=True, default=uuid.uuid4)


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False, "autoflush": True})

_reading: ContextVar[bool] = ContextVar("fastpix_db_reading", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Inside, new transactions only read: SQLite then takes no write lock for them."""
    before = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(before)


@contextmanager
def transaction() -> Iterator[None]:
    """A transaction of its own, saved at the end: for steps of long work, which must not hold one open."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def set_reading(only: bool) -> None:
    """Whether transactions begun from here on only read. The web layer calls it once per request."""
    _reading.set(only)


def install(engine: Engine) -> None:
    """Teach an SQLite engine its pragmas and its BEGIN. Does nothing for other databases."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")
