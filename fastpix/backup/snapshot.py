"""The database as one file and back, each by the database's own means: SQLite's backup API, pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastpix import postgresql_server
from fastpix.errors import Misconfigured, Refused

if TYPE_CHECKING:
    import psycopg

SQLITE, POSTGRESQL = "sqlite", "postgresql"
MEMBERS = {SQLITE: "database.sqlite", POSTGRESQL: "database.pgdump"}


def kind_of(url: str) -> str:
    """`sqlite` or `postgresql`."""
    return sa.make_url(url).get_backend_name()


def take(url: str, to: Path) -> None:
    """One moment of the database, while it is used. Raises `Misconfigured` where pg_dump is missing or fails."""
    if kind_of(url) == POSTGRESQL:
        _run("pg_dump", url, ["--format=custom", "--no-owner", "--no-privileges", f"--file={to}"])
        return
    # All pages in one step: a reader's snapshot of the WAL, which no writer disturbs and which disturbs none.
    with closing(sqlite3.connect(file_of(url))) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
    to.chmod(0o600)


def size(url: str) -> int:
    """Bytes of the database."""
    if kind_of(url) == SQLITE:
        path = file_of(url)
        return path.stat().st_size if path.exists() else 0
    with _connect(url) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(found[0]) if found else 0


def file_of(url: str) -> Path:
    """The file of an SQLite database."""
    return Path(sa.make_url(url).database or "")


def is_empty(url: str) -> bool:
    """Whether the database has no table yet; a file that is not there is empty."""
    if kind_of(url) == SQLITE and not file_of(url).exists():
        return True
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=postgresql_server.arguments(url))
    try:
        return not sa.inspect(engine).get_table_names()
    except sa.exc.OperationalError as problem:
        raise Misconfigured(postgresql_server.complaint(problem)) from None


def check(file: Path) -> None:
    """Raise `Refused` unless an SQLite snapshot is whole."""
    with closing(sqlite3.connect(file)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    if said != ["ok"] or broken:
        raise Refused(f"The database in the backup is damaged: {'; '.join(said[:3])} {broken or ''}".strip())


def put_back(url: str, file: Path) -> None:
    """Fill an empty database with a snapshot of its kind. Raises `Misconfigured` where pg_restore says no."""
    if kind_of(url) == SQLITE:
        place = file_of(url)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, place)
        return
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(file)]
    _run("pg_restore", url, options)


def empty(url: str, aside: Path) -> None:
    """Take all tables out of the database; what was there is kept under `aside`. Nobody may use it meanwhile."""
    if kind_of(url) == SQLITE:
        path = file_of(url)
        for left in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            if left.exists():
                shutil.move(left, aside / left.name)
        return
    take(url, aside / MEMBERS[POSTGRESQL])
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=postgresql_server.arguments(url))
    with engine.begin() as connection:
        present = sa.MetaData()
        present.reflect(connection)
        present.drop_all(connection)


def others(url: str) -> int:
    """How many other connections a PostgreSQL database has; SQLite cannot tell."""
    if kind_of(url) != POSTGRESQL:
        return 0
    with _connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(found[0]) if found else 0


def _demand_the_server(url: str) -> None:
    """pg_dump and pg_restore set up their session, and through pgbouncer that would be other people's session."""
    import psycopg

    try:
        with _connect(url) as connection:
            is_pooled = postgresql_server.is_pooled(connection)
    except psycopg.OperationalError as problem:
        raise Misconfigured(postgresql_server.complaint(problem)) from None
    if is_pooled:
        raise Misconfigured(
            "The database is reached through pgbouncer, which pg_dump and pg_restore cannot use. "
            "Set FASTPIX_DATABASE_URL to the server itself for this command."
        )


def _run(program: str, url: str, options: Sequence[str]) -> None:
    _demand_the_server(url)
    path = shutil.which(program)
    if path is None:
        raise Misconfigured(f"{program} is not installed. Install PostgreSQL's client programs (postgresql-client).")
    made = sa.make_url(url)
    environ = os.environ | ({"PGPASSWORD": str(made.password)} if made.password else {})
    # The password by the environment: the command line is everybody's to read.
    command = [path, f"--dbname={_conninfo(url, with_password=False)}", *options]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise Misconfigured(f"{program} failed: {said}")


def _connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    import psycopg  # needs its time to load, and only who uses PostgreSQL has to wait for it

    return psycopg.connect(_conninfo(url))


def _conninfo(url: str, *, with_password: bool = True) -> str:
    import psycopg.conninfo

    made = sa.make_url(url)
    asked = {name: value for name, value in made.query.items() if isinstance(value, str)}
    given = {"host": made.host, "port": made.port, "user": made.username, "dbname": made.database}
    if with_password:
        given["password"] = made.password
    return psycopg.conninfo.make_conninfo("", **asked, **{k: str(v) for k, v in given.items() if v is not None})
