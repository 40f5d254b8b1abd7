"""What a database holds, row by row: read again only where somebody wrote, since it is asked after every request."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

import sqlalchemy as sa

from fastpix.db import Base, reading

# Written beside a request, or counting it: a refusal may change them.
VOLATILE_TABLES = {"limit_counts", "form_keys", "alembic_version", "audit_heads"}
VOLATILE_COLUMNS = {"last_seen_at", "last_used_at", "last_used_from"}
# sessions.address is noted with last_seen_at.
VOLATILE_OF = {"sessions": {"address"}}

# A table's columns, and its rows as the driver gives them.
Rows = tuple[tuple[str, ...], list[tuple[Any, ...]]]


class Contents:
    """The rows of every table of a model, by a connection of its own that never writes.

    Whether anybody wrote is asked of the database itself: SQLite counts the commits of other connections, PostgreSQL
    its transactions, and every row there knows the one that wrote it.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._tables = [table.name for table in Base.metadata.sorted_tables]
        self._select_all = {name: str(sa.select(sa.text("*")).select_from(sa.table(name))) for name in self._tables}
        self._read_at: object = None
        self._written_by: list[Any] = [None] * len(self._tables)
        self._rows: dict[str, Rows] = {}
        self._hashes: dict[str, tuple[Rows, str]] = {}
        if self._is_sqlite:
            self._connection: Any = sqlite3.connect(str(engine.url.database), check_same_thread=False)
        else:
            address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            import psycopg  # needs its time to load, and only who uses PostgreSQL has to wait for it

            self._connection = psycopg.connect(address, autocommit=True)
            writer = sa.func.row(sa.func.count(), sa.func.sum(sa.text("xmin::text::bigint")))
            writers = [sa.select(sa.cast(writer, sa.Text)).select_from(sa.table(name)) for name in self._tables]
            self._ask_writers = str(sa.select(*(each.scalar_subquery() for each in writers)))

    def mark(self) -> tuple[Any, ...]:
        """Differs from every earlier one after a write."""
        asked = "PRAGMA data_version" if self._is_sqlite else "SELECT pg_current_snapshot()::text"
        return tuple(self._connection.execute(asked).fetchone())

    def rows(self) -> dict[str, Rows]:
        """By table. What is unchanged since the last call is the same object again."""
        mark = self.mark()
        if mark != self._read_at:
            self._read()
            self._read_at = mark
        return dict(self._rows)

    def digest(self) -> str:
        """A hash of all that is stored, but for notes of presence, counts of tries, and what was denied or refused.

        A denied attempt leaves its row in the audit log on purpose, and moves the head of the chain; nothing else may
        change with it, and no row of a change may be there.
        """
        said = hashlib.sha256()
        for name, rows in sorted(self.rows().items()):
            if name in VOLATILE_TABLES:
                continue
            if name not in self._hashes or self._hashes[name][0] is not rows:
                self._hashes[name] = (rows, _hash(name, rows))
            said.update(self._hashes[name][1].encode())
        return said.hexdigest()

    def copy(self) -> sqlite3.Connection:
        """An SQLite database in memory with the same pages."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.backup(copy)
        return copy

    def restore(self, copy: sqlite3.Connection, rows: dict[str, Rows]) -> None:
        """Put back the pages of a copy, whose rows these are: four times as quick as table by table."""
        copy.backup(self._connection)
        self._rows, self._read_at = dict(rows), self.mark()

    def close(self) -> None:
        self._connection.close()

    def _read(self) -> None:
        asked = (
            [None] * len(self._tables) if self._is_sqlite else self._connection.execute(self._ask_writers).fetchone()
        )
        for name, writers, before in zip(self._tables, asked, self._written_by, strict=True):
            if writers is not None and writers == before:
                continue
            cursor = self._connection.execute(self._select_all[name])
            found = (tuple(column[0] for column in cursor.description), cursor.fetchall())
            if self._rows.get(name) != found:
                self._rows[name] = found
        self._written_by = list(asked)


def all_rows(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row by table and column, in the types of the model: what can be inserted again."""
    with reading(), engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }


def _hash(name: str, stored: Rows) -> str:
    columns, rows = stored
    hidden = VOLATILE_COLUMNS | VOLATILE_OF.get(name, set())
    shown = [at for at, column in enumerate(columns) if column not in hidden]
    if name == "audit_log":
        result = columns.index("result")
        rows = [row for row in rows if row[result] == "done"]
    kept = sorted(repr([row[at] for at in shown]) for row in rows)
    return hashlib.sha256(f"{name}: {kept}\n".encode()).hexdigest()
