"""A database of the operator's own kind that is made for the access check, put back after each change, and dropped."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fastpix import postgresql_server
from fastpix.access_check.contents import Contents, all_rows
from fastpix.db import Base
from fastpix.errors import Misconfigured

PREFIX = "fastpix_access_check_"
ELSE = "Or add --sqlite: then the check uses an SQLite file."


def file_in(folder: Path) -> str:
    """The address of an SQLite database in a folder."""
    return f"sqlite:///{folder / 'proof.db'}"


@contextmanager
def database(operators: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of the same kind as the operator's, beside it; dropped at the end.

    Raises `Misconfigured`, with what to do, where PostgreSQL does not answer, or its user may not make one.
    """
    address = sa.make_url(operators or "sqlite://")
    if address.get_backend_name() != "postgresql":
        yield file_in(folder)
        return
    server = sa.create_engine(
        address,
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
        connect_args=postgresql_server.arguments(operators),
    )
    postgresql_server.require(server)
    name = f"{PREFIX}{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        _sweep(connection)
        _create(connection, name)
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            _run(connection, "DROP DATABASE IF EXISTS %(name)s WITH (FORCE)", name)


def _create(connection: sa.Connection, name: str) -> None:
    if postgresql_server.is_pooled(connection.connection.driver_connection):
        raise Misconfigured(
            "The database is reached through pgbouncer, which leads to no database made just now. "
            f"Set FASTPIX_DATABASE_URL to the server itself for this command. {ELSE}"
        )
    try:
        _run(connection, "CREATE DATABASE %(name)s ENCODING 'UTF8' TEMPLATE template0", name)
    except sa.exc.DBAPIError as problem:
        user = connection.scalar(sa.text("SELECT current_user"))
        raise Misconfigured(
            f"No throw-away database could be made: {postgresql_server.reason(problem)}. "
            f'Allow it with ALTER ROLE "{user}" CREATEDB. {ELSE}'
        ) from None


def _sweep(connection: sa.Connection) -> None:
    """Drop what a killed check left behind. One that is in use belongs to another check, and stays."""
    left = sa.text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)")
    for (name,) in connection.execute(left, {"prefix": PREFIX}).fetchall():
        with contextlib.suppress(sa.exc.DBAPIError):
            _run(connection, "DROP DATABASE IF EXISTS %(name)s", name)


def _run(connection: sa.Connection, statement: str, name: str) -> None:
    """A statement about a database: its name is no value, so it is quoted as names are."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(name)
    make: Any = sa.DDL  # without types
    connection.execute(make(statement, context={"name": quoted}))


class State:
    """All rows of a database as they are now, and how to have them back. Needs no right but to write the tables."""

    def __init__(self, engine: sa.Engine, contents: Contents) -> None:
        self._engine, self._contents = engine, contents
        self._stored = contents.rows()
        self._pages = contents.copy() if engine.dialect.name == "sqlite" else None
        self._rows = {} if self._pages is not None else all_rows(engine)

    def put_back(self) -> None:
        """Make the database hold these rows and no others."""
        if self._pages is not None:
            self._contents.restore(self._pages, self._stored)
            return
        with self._engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            for table in Base.metadata.sorted_tables:
                if rows := self._rows[table.name]:
                    connection.execute(table.insert(), rows)

    def close(self) -> None:
        """Let go of the copy; engine and contents stay their owner's."""
        if self._pages is not None:
            self._pages.close()
