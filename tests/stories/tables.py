"""The tables as they are, past the session and its tenancy filter: what an attack really changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fastpix.db import Base, reading, set_reading
from tests.world import World

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


def rows(world: World, name: str, /, **where: Any) -> list[dict[str, Any]]:
    """The rows of a table whose columns have these values."""
    table = Base.metadata.tables[name]
    conditions = [table.c[column] == value for column, value in where.items()]
    with reading(), world.engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).where(*conditions)).mappings()]


def change(world: World, name: str, where: dict[str, Any], /, **values: Any) -> None:
    """Write values past all rules, as another process or a broken one might have."""
    table = Base.metadata.tables[name]
    conditions = [table.c[column] == value for column, value in where.items()]
    set_reading(False)
    with world.engine.begin() as connection:
        assert connection.execute(sa.update(table).where(*conditions).values(**values)).rowcount


def everything(world: World) -> Rows:
    """All rows of all tables, by primary key."""
    return {
        table.name: {tuple(row[c.name] for c in table.primary_key): row for row in rows(world, table.name)}
        for table in Base.metadata.sorted_tables
    }


def changed_columns(before: Rows, after: Rows) -> set[str]:
    """`table.column` of every value that differs in a row that was there; `+table` and `-table` for rows come and gone.

    The heads of the audit log are left out: they move with every row of it.
    """
    found: set[str] = set()
    for name, old in before.items():
        if name == "audit_heads":
            continue
        new = after[name]
        found |= {f"+{name}"} if new.keys() - old.keys() else set()
        found |= {f"-{name}"} if old.keys() - new.keys() else set()
        for key in old.keys() & new.keys():
            found |= {f"{name}.{column}" for column, value in old[key].items() if new[key][column] != value}
    return found
