"""The list of members by name, role or last visit, by page number, in organizations small enough to be looked through.

Names are compared without case and accents, as people look for them, which no index of the database does; so the few columns
that decide are read for all, and the rest for those who are shown. Larger organizations page by when people joined, and search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.errors import Invalid
from fastpix.resources.members import queries
from fastpix.resources.members.models import Member, MemberRow
from fastpix.resources.people import queries as words
from fastpix.resources.people.models import Person
from fastpix.text import folded_words

# So many are looked through at most.
FEW = 2000
# Beside the names that begin with no letter.
OTHERS = "#"

_COLUMNS: tuple[Any, ...] = (
    Member.id, Person.name, Member.role, Member.joined_at, Member.last_seen_at, Person.second_factor_at
)  # fmt: skip
_DECIDING = sa.select(*_COLUMNS).join(Person, Person.id == Member.person_id)
_SHOWN = queries.ROWS.where(Member.id.in_(sa.bindparam("member_ids", expanding=True)))
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

# Who joined or was here last stands first, and admins before members; then by name.
SORTS: dict[str, Callable[[Any], Any]] = {
    "": lambda row: (-_moment(row.joined_at).timestamp(),),
    "name": lambda row: (),
    "role": lambda row: (row.role,),
    "seen": lambda row: (-_moment(row.last_seen_at).timestamp(),),
}
# Whom a filter beside the role's leaves.
ONLY: dict[str, Callable[[Any], bool]] = {
    "never": lambda row: row.last_seen_at is None,
    "unprotected": lambda row: row.second_factor_at is None,
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


Numbered = tuple[list[MemberRow], int]


class Narrowed(TypedDict, total=False):
    """By which filters: words, role, access, and one of `ONLY`."""

    query: str
    role: str
    status: str
    only: str


def may_be_sorted() -> bool:
    return queries.count() <= FEW


def allowed(only: str) -> str:
    """The further filter, or none: who has no second factor is shown to those alone who could help it."""
    return only if only == "never" or (only in ONLY and principal.may("members.edit")) else ""


def page(sort: str, number: int, size: int = queries.PAGE, **narrowed: Unpack[Narrowed]) -> Ordered:
    """Page `number` (1-based; the last one for a larger one) of those whom the filter finds."""
    everyone = _sorted(sort, **narrowed)
    pages = max(1, -(-len(everyone) // size))
    number = min(max(1, number), pages)
    shown = _whole(everyone[(number - 1) * size : number * size])
    letters: dict[str, int] = {}
    marks: dict[UUID, str] = {}
    for place, row in enumerate(everyone if sort == "name" else ()):
        if (letter := _letter(row.name)) not in letters:
            letters[letter], marks[row.id] = place // size + 1, letter
    return Ordered(shown, number, pages, len(everyone), list(letters.items()), marks)


def listed(offset: int, limit: int, sort: str = "", **narrowed: Unpack[Narrowed]) -> Numbered:
    """A page by number for programs: newest first in organizations of any size. Raises `Invalid` for another order, or
    `only`, where there are too many to look through."""
    only = narrowed.get("only", "")
    if sort or only:
        if may_be_sorted():
            return stretch(sort, offset, limit, **narrowed)
        field = "sortBy" if sort else "neverSeen"
        raise Invalid(field, f"More than {FEW:,} people are listed newest first alone. Use query and role.")
    query, role, status = narrowed.get("query", ""), narrowed.get("role", ""), narrowed.get("status", "")
    return queries.numbered(offset, limit, query=query, role=role, status=status)


def stretch(sort: str, number: int, size: int, **narrowed: Unpack[Narrowed]) -> Numbered:
    """The same for programs: nobody on a page behind the last one, and how many there are."""
    everyone = _sorted(sort, **narrowed)
    return _whole(everyone[(number - 1) * size : number * size]), len(everyone)


def _sorted(sort: str, query: str = "", role: str = "", status: str = "", only: str = "") -> list[Any]:
    found = _deciding(query, *queries.known(role, status))
    if kept := ONLY.get(allowed(only)):
        found = [row for row in found if kept(row)]
    return sorted(found, key=lambda row: (*SORTS[sort](row), _name(row)))


def _whole(rows: list[Any]) -> list[MemberRow]:
    """The members of these rows, in their order."""
    ids = [row.id for row in rows]
    shown = {row["id"]: row for row in queries.as_dicts(tenancy.rows(_SHOWN, {"member_ids": ids}).all())} if ids else {}
    return [shown[each] for each in ids]


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


def _moment(moment: datetime | None) -> datetime:
    at = moment or _NEVER
    return at if at.tzinfo else at.replace(tzinfo=UTC)
