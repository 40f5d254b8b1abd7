"""How a database's tables differ from this version's, in words. Tables of others beside ours are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from fastpix.db import Base


def differences(connection: sa.Connection) -> list[str]:
    """Each in a few words, such as `media lacks the column title`."""
    from alembic.autogenerate import compare_metadata  # as in `migrations`: for who migrates alone
    from alembic.migration import MigrationContext

    options = {"compare_type": False, "include_object": _is_ours}
    context = MigrationContext.configure(connection, opts=options)
    return [words for step in compare_metadata(context, Base.metadata) for words in _in_words(step)]


def taken_names(connection: sa.Connection) -> list[str]:
    """Tables of somebody else that have names of ours, in a database without our schema."""
    return sorted(set(sa.inspect(connection).get_table_names()) & set(Base.metadata.tables))


def _is_ours(_item: Any, _name: str | None, kind: str, is_reflected: bool, counterpart: Any) -> bool:
    """An operator's own index on a table of ours does no harm, either."""
    return not (is_reflected and counterpart is None and kind in ("table", "index"))


def _in_words(step: Any) -> Iterator[str]:
    """What Alembic would do to mend it, told as what is wrong."""
    if isinstance(step, list):  # changes of one column
        for change in step:
            kind, _, table, column = change[:4]
            yield f"{table}.{column} differs ({kind.removeprefix('modify_')})"
        return
    kind, *what = step
    verb, _, thing = kind.partition("_")
    has = "lacks" if verb == "add" else "has besides"
    if thing == "column":
        yield f"{what[1]} {has} the column {what[2].name}"
    elif thing == "table":
        yield f"the table {what[0].name} is missing"
    else:
        name = {"fk": "foreign key", "index": "index"}.get(thing, "constraint")
        yield f"{what[0].table.name} {has} the {name} {what[0].name}"
