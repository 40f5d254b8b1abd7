"""Words that find things by their beginning: each kind of thing keeps its words in a table of its own, read by the index.

However many things there are, a look reads a handful of rows for each word and workspace
(docs/decisions/2026-11-24-quick-search-word-tables.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from fastpix.db import db
from fastpix.text import naming

# The greatest code point: closes the range of all texts that begin with a prefix, by the index.
LAST = "\U0010ffff"
# Of a text that is kept, and of a question.
MOST_KEPT, MOST_ASKED = 30, 6
# How far a word's rows are counted to find the rarest one of a question.
PROBE = 200


def of(*texts: str) -> set[str]:
    """The words that find a thing with these texts."""
    found = re.findall(r"\w+", naming.composed(" ".join(texts)).casefold().replace("_", " "))
    return {word[:60] for word in found[:MOST_KEPT]}


def begins(column: Any, beginning: str) -> sa.ColumnElement[bool]:
    """A range that the index serves, where LIKE may not. Not BETWEEN: PostgreSQL takes no COLLATE inside one."""
    return sa.and_(column >= beginning, column < beginning + LAST)


def id_range(text: str) -> tuple[UUID, UUID] | None:
    """The least and the greatest id that begin with the text; None for what is not eight hex digits of an id or more."""
    plain = text.strip().lower().replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{8,32}", plain):
        return None
    return UUID(plain.ljust(32, "0")), UUID(plain.ljust(32, "f"))


Matches = Callable[[Any, str], sa.ColumnElement[bool]]


def find(
    table: Any,
    target: Any,
    text: str,
    workspace_ids: Iterable[UUID],
    most: int,
    *,
    words: Callable[[str], set[str]] = of,
    matches: Matches = begins,
) -> list[Any]:
    """Values of the column `target` of those `most` things in whose words each word of the text begins one.

    `table` has the columns `workspace_id` and `word`. Workspaces are asked in the order given, words read in theirs.
    `words` are those of the text, `matches` says which kept ones fit one of them.
    """
    wanted = sorted(words(text), key=len, reverse=True)[:MOST_ASKED]
    found: dict[Any, None] = {}
    for workspace_id in workspace_ids if wanted else ():
        for value in db.session.scalars(_statement(table, target, wanted, workspace_id, most, matches)):
            found[value] = None
        if len(found) >= most:
            break
    return list(found)[:most]


def _statement(
    table: Any, target: Any, wanted: list[str], workspace_id: UUID, most: int, matches: Matches = begins
) -> Any:
    """The rows of the rarest word, in the index' order, narrowed by the others: no sorting, no scan."""
    here = table.workspace_id == workspace_id
    fits = {word: matches(table.word, word) for word in wanted}
    rarest = min(wanted, key=lambda word: _count(target, here, fits[word])) if len(wanted) > 1 else wanted[0]
    # A thing may have many words with the same beginning.
    statement = sa.select(target).where(here, fits[rarest]).order_by(table.word).limit(most * MOST_KEPT)
    for word in wanted:
        if word != rarest:
            other = aliased(table)
            same = getattr(other, target.key) == target
            statement = statement.where(
                sa.exists().where(same, other.workspace_id == workspace_id, matches(other.word, word))
            )
    return statement


def _count(target: Any, here: Any, fits: Any) -> int:
    """How many rows fit, counted no further than `PROBE`."""
    some = sa.select(target).where(here, fits).limit(PROBE).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
