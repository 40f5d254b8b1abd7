"""The database: one session per request, one naming convention, and what SQLite needs to behave.

Two things that were measured decide the shape: SQLite's default deferred BEGIN loses writes with
"database is locked", so writers begin IMMEDIATE; and rows are selected as columns for lists, never as entities.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from fastpix import postgresql_server, sqlite_file, sqlite_turns

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


# By how much the clocks of machines that share a database may differ; what is later than that is of a clock set back since.
CLOCKS_DIFFER = timedelta(seconds=5)


def id_column() -> Mapped[uuid.UUID]:
    """A UUIDv4 primary key, as the wire contract wants it."""
    return mapped_column(primary_key=True, default=uuid.uuid4)


# How long a transaction that writes waits for those before it.
PATIENCE_SECONDS = 30.0
PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "busy_timeout": str(int(PATIENCE_SECONDS * 1000)),
    "foreign_keys": "ON",
}

db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False, "autoflush": True})

_reading: ContextVar[bool] = ContextVar("fastpix_db_reading", default=False)
_patience: ContextVar[float] = ContextVar("fastpix_db_patience", default=PATIENCE_SECONDS)


@contextmanager
def reading() -> Iterator[None]:
    """Inside, new transactions only read: SQLite then takes no write lock for them."""
    before = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(before)


@contextmanager
def impatient(seconds: float) -> Iterator[None]:
    """Inside, a transaction that writes waits so long at most for other writers, and raises `OperationalError` then.

    For what may be dropped: nobody who only reads shall wait for it.
    """
    before = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(before)


@contextmanager
def transaction() -> Iterator[None]:
    """A transaction of its own, saved at the end: for steps of long work, which must not hold one open."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def affected_rows(statement: sa.Update | sa.Delete, parameters: dict[str, object] | None = None) -> int:
    """Execute it; how many rows it changed or deleted.

    Objects that the session holds stay as they are, unless the statement has a `synchronize_session` of its own.
    """
    if "synchronize_session" not in statement.get_execution_options():
        statement = statement.execution_options(synchronize_session=False)
    result = db.session.execute(statement, parameters)
    if not isinstance(result, sa.CursorResult):
        raise TypeError("the statement changes no rows")
    return result.rowcount


def upsert(table: type[Any], session: Session | None = None) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can be told what to do `on_conflict`: both databases spell it alike, and SQLAlchemy's common part
    lacks it."""
    dialect = (session or db.session()).get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def set_reading(only: bool) -> None:
    """Whether transactions begun from here on only read. The web layer calls it once per request."""
    _reading.set(only)


def is_reading() -> bool:
    """Whether transactions begun from here on only read."""
    return _reading.get()


def engine_options(url: str) -> dict[str, object]:
    """What the engine of the database at this address is made with."""
    return {
        "hide_parameters": True,  # values of statements hold secrets: never in a log
        "json_deserializer": orjson.loads,  # a page of 25 media has a hundred values in JSON
        **({"poolclass": _PoolBehindTurns} if url.startswith("sqlite") else {}),
        "connect_args": postgresql_server.arguments(url),
    }


class _PoolBehindTurns(sa.pool.QueuePool):
    """Who is going to write stands in line before taking a connection: those who only read need one meanwhile."""

    path = ""

    def connect(self) -> sa.PoolProxiedConnection:
        turn = None if _reading.get() or not self.path else _turn(self.path)
        try:
            connection = super().connect()
        except BaseException:
            if turn is not None:
                turn.end()
            raise
        cast("sqlite_turns.Connection", connection.driver_connection).turn = turn
        return connection

    def recreate(self) -> _PoolBehindTurns:
        pool = cast("_PoolBehindTurns", super().recreate())
        pool.path = self.path
        return pool


def install(engine: Engine) -> None:
    """Teach an SQLite engine its pragmas, its BEGIN and the turns of its writers; every other one to be impatient."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "begin", _on_begin_elsewhere)
        postgresql_server.install(engine)
        return
    if isinstance(engine.pool, _PoolBehindTurns) and engine.url.database:
        engine.pool.path = os.path.realpath(engine.url.database)
    event.listen(engine, "do_connect", _before_connect)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _turn(path: str) -> sqlite_turns.Turn:
    """The turn to write. Raises what SQLite would say of a database that is locked for too long."""
    turn = sqlite_turns.take(path, _patience.get())
    if turn is None:
        locked = sqlite3.OperationalError("database is locked")
        raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, locked)
    return turn


def _before_connect(_dialect: object, _record: object, arguments: list[str], options: dict[str, object]) -> None:
    options["factory"] = sqlite_turns.Connection
    sqlite_file.begin(arguments[0] if arguments else "")


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")


def _on_begin(connection: Connection) -> None:
    if _reading.get():
        connection.exec_driver_sql("BEGIN")
        return
    driver = cast("sqlite_turns.Connection", connection.connection.driver_connection)
    pool, patience = connection.engine.pool, _patience.get()
    if driver.turn is None and isinstance(pool, _PoolBehindTurns) and pool.path:  # a further transaction on it
        driver.turn = _turn(pool.path)
    try:
        if patience < PATIENCE_SECONDS:
            driver.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except BaseException:
        driver.end_turn()
        raise
    finally:
        if patience < PATIENCE_SECONDS:
            driver.execute(f"PRAGMA busy_timeout={PRAGMAS['busy_timeout']}")


def _on_begin_elsewhere(connection: Connection) -> None:
    if not _reading.get() and (patience := _patience.get()) < PATIENCE_SECONDS:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, int(patience * 1000))}")
