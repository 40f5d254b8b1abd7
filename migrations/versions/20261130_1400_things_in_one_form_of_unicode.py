"""Names and descriptions of things in one form of Unicode (NFC), as those of people and media are already.

A workspace keeps its name where another of its organization has the composed one: they are unique, and stay two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261130_things"
down_revision = "20261130_words"
branch_labels = None
depends_on = None

PLAIN = {
    "organizations": ["name"],
    "playlists": ["name", "description"],
    "webhooks": ["description"],
    "passkeys": ["name"],
    "tracks": ["language_name"],
}
WORKSPACES = sa.table(
    "workspaces",
    sa.column("id", sa.Uuid()),
    sa.column("organization_id", sa.Uuid()),
    *(sa.column(name) for name in ("name", "name_folded", "description")),
)


def _placed(name: str, *columns: sa.ColumnClause[Any]) -> sa.TableClause:
    """A table of things that belong to a workspace."""
    return sa.table(name, *columns, sa.column("workspace_id", sa.Uuid()), sa.column("organization_id", sa.Uuid()))


TOKENS = _placed("access_tokens", sa.column("id", sa.Uuid()), sa.column("name"))
STREAMS = _placed("live_streams", sa.column("id"), sa.column("metadata", sa.JSON()))
TOKEN_WORDS = _placed("access_token_words", sa.column("token_id", sa.Uuid()), sa.column("word"))
STREAM_WORDS = _placed("live_stream_words", sa.column("stream_id"), sa.column("word"))


def upgrade() -> None:
    connection = op.get_bind()
    for name, columns in PLAIN.items():
        table = sa.table(name, sa.column("id", sa.Uuid()), *map(sa.column, columns))
        for row, values in _to_change(connection, table, columns):
            connection.execute(sa.update(table).where(table.c.id == row.id).values(**values))
    for row, values in _to_change(connection, WORKSPACES, ["name", "description"]):
        connection.execute(
            sa.update(WORKSPACES).where(WORKSPACES.c.id == row.id).values(**_unique(connection, row, values))
        )
    for row, values in _to_change(connection, TOKENS, ["name"]):
        connection.execute(sa.update(TOKENS).where(TOKENS.c.id == row.id).values(**values))
        _index(connection, TOKEN_WORDS, TOKEN_WORDS.c.token_id, row, values["name"])
    for row, values in _to_change(connection, STREAMS, ["metadata"]):
        connection.execute(sa.update(STREAMS).where(STREAMS.c.id == row.id).values(**values))
        told = values["metadata"]
        name = told.get("name") or told.get("title") or f"Stream {row.id[:8]}"
        _index(connection, STREAM_WORDS, STREAM_WORDS.c.stream_id, row, name)


def downgrade() -> None:
    """Nothing to undo: the texts look the same."""


def _to_change(
    connection: sa.Connection, table: sa.TableClause, columns: list[str]
) -> Iterator[tuple[sa.Row[Any], dict[str, Any]]]:
    """Each row of which a text is not composed, and all these texts as they are to be."""
    for row in connection.execute(sa.select(table)).all():
        before = {name: getattr(row, name) for name in columns}
        after = {name: _composed(value) for name, value in before.items()}
        if before != after:
            yield row, after


def _composed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_composed(name): _composed(each) for name, each in value.items()}
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _unique(connection: sa.Connection, row: sa.Row[Any], values: dict[str, Any]) -> dict[str, Any]:
    """What to set of a workspace: without the name where another has it."""
    folded = values["name"].casefold()
    here = sa.and_(WORKSPACES.c.organization_id == row.organization_id, WORKSPACES.c.id != row.id)
    taken = connection.scalar(sa.select(WORKSPACES.c.id).where(here, WORKSPACES.c.name_folded == folded))
    return {"description": values["description"]} if taken else {**values, "name_folded": folded}


def _index(connection: sa.Connection, table: sa.TableClause, key: Any, row: sa.Row[Any], text: str) -> None:
    """The words that find the thing, as fastpix made them that day."""
    connection.execute(sa.delete(table).where(key == row.id))
    words = re.findall(r"\w+", text.casefold().replace("_", " "))[:30]
    for word in {word[:60] for word in words}:
        place = {"workspace_id": row.workspace_id, "organization_id": row.organization_id}
        connection.execute(sa.insert(table).values(**{key.name: row.id, "word": word}, **place))
