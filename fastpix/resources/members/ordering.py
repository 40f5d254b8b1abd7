"""The list of members by name, role or last visit, by page number, in organizations small enough to be looked through.

Names are compared without case and accents, as people look for them, which no index of the database does; so the few columns
that decide are read for all, and the rest for those who are shown. Larger organizations page by when people joined, and search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.resources.members import queries
from fastpix.resources.members.models import Member, MemberRow
from fastpix.resources.people import queries as words
from fastpix.resources.people.models import Person
from fastpix.text import folded_words

# So many are looked through at most.
FEW = 2000
# Beside the names that begin with no letter.
OTHERS = "#"

_COLUMNS: tuple[Any, ...] = (Member.id, Person.name, Member.role, Member.last_seen_at)
_DECIDING = sa.select(*_COLUMNS).join(Person, Person.id == Member.person_id)
_SHOWN = queries.ROWS.where(Member.id.in_(sa.bindparam("member_ids", expanding=True)))
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

# Who was here last stands first, and admins before members; then by name.
SORTS: dict[str, Callable[[Any], Any]] = {
    "name": lambda row: (),
    "role": lambda row: (row.role,),
    "seen": lambda row: (-_moment(row).timestamp(),),
}


@dataclass(frozen=True)
class Ordered:
    """A page of the list: its number of `pages`, and, by name, the letters that names begin with, each with its first page,
    and the first member of each (`marks`)."""

    rows: list[MemberRow]
    number: int
    pages: int
    total: int
    letters: list[tuple[str, int]]
    marks: dict[UUID, str]


def may_be_sorted() -> bool:
    return queries.count() <= FEW


def page(
    sort: str, number: int, *, query: str = "", role: str = "", status: str = "", size: int = queries.PAGE
) -> Ordered:
    """Page `number` (1-based; the last one for a larger one) of those whom the filter finds."""
    everyone = sorted(_deciding(query, *queries.known(role, status)), key=lambda row: (*SORTS[sort](row), _name(row)))
    pages = max(1, -(-len(everyone) // size))
    number = min(max(1, number), pages)
    ids = [row.id for row in everyone[(number - 1) * size : number * size]]
    shown = {row["id"]: row for row in queries.as_dicts(tenancy.rows(_SHOWN, {"member_ids": ids}).all())} if ids else {}
    letters: dict[str, int] = {}
    marks: dict[UUID, str] = {}
    for place, row in enumerate(everyone if sort == "name" else ()):
        if (letter := _letter(row.name)) not in letters:
            letters[letter], marks[row.id] = place // size + 1, letter
    return Ordered([shown[each] for each in ids], number, pages, len(everyone), list(letters.items()), marks)


def _deciding(query: str, role: str, status: str) -> list[Any]:
    wanted = words.rarest_first(folded_words.asked(query))
    if query.strip() and not wanted:
        return []
    statement = queries.restricted(_DECIDING, len(wanted), bool(role), status).limit(FEW)
    return list(tenancy.rows(statement, {**words.bounds(wanted), "role": role}))


def _name(row: Any) -> tuple[str, Any]:
    return folded_words.folded(row.name), row.id


def _letter(name: str) -> str:
    first = folded_words.folded(name)[:1]
    return first.upper() if first.isalpha() else OTHERS


def _moment(row: Any) -> datetime:
    at: datetime = row.last_seen_at or _NEVER
    return at if at.tzinfo else at.replace(tzinfo=UTC)
