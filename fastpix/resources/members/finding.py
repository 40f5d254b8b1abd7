"""Members found by what their name or address begins with, in the order of names, then of addresses.

In that order an index gives a page of 25 without sorting the tens of thousands whom a frequent name fits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.table import ROLES
from fastpix.db import db
from fastpix.resources.members import search
from fastpix.resources.members.models import Member
from fastpix.resources.people.models import Person

# In an organization of so many everybody is looked through; the index of names holds the people of the whole instance.
FEW = 2000
# The two parts of what is found: by the name, then by the address alone.
PARTS = ("name", "address")
_KEYS: dict[str, Any] = {"name": Person.name_folded, "address": Person.email_canonical}


class Cursor(NamedTuple):
    """The place of one who was found."""

    part: str
    person_id: UUID
    key: str

    def __str__(self) -> str:
        return f"{self.part}~{self.person_id.hex}~{self.key}"


def page(*, query: str, role: str = "", after: str = "", before: str = "", limit: int = search.PAGE) -> search.Page:
    """Some of those whose name or address begins with `query`. `after` and `before` are cursors from an earlier page."""
    backwards, cursor = bool(before), parse_cursor(before or after)
    found = _found(query, role if role in ROLES else "", cursor, backwards, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    ends = [str(Cursor(part, row.person_id, row.key)) for part, row in found]
    back = ends[0] if ends and (more if backwards else cursor is not None) else None
    on = ends[-1] if ends and (backwards or more) else None
    return search.Page(search.as_dicts([row for _, row in found]), back, on, None)


def parse_cursor(text: str) -> Cursor | None:
    """A page's cursor; None for an empty or broken one, which shows the first page."""
    part, _, rest = text.partition("~")
    person_id, _, key = rest.partition("~")
    try:
        return Cursor(part, UUID(person_id), key.replace("\0", "")) if part in PARTS else None
    except ValueError:
        return None


def _found(query: str, role: str, cursor: Cursor | None, backwards: bool, most: int) -> list[tuple[str, Any]]:
    """Each row with its part. The second part is only asked for where the first does not fill the page."""
    values = search.values(query, role) | {"few": FEW}
    is_small = search.count() <= FEW
    found: list[tuple[str, Any]] = []
    parts = list(reversed(PARTS)) if backwards else list(PARTS)
    for part in parts[parts.index(cursor.part) if cursor else 0 :]:
        place = cursor if cursor and cursor.part == part else None
        asked = values | {"rows": most - len(found)}
        if place:
            asked |= {"key": place.key, "person_id": place.person_id}
        statement = _statement(part, bool(role), is_small, place is not None, backwards)
        found += [(part, row) for row in db.session.execute(statement, asked)]
        if len(found) == most:
            break
    return found


@lru_cache(maxsize=32)
def _statement(part: str, has_role: bool, is_small: bool, has_place: bool, backwards: bool) -> sa.Select[Any]:
    key = _KEYS[part]
    order = (key.desc(), Person.id.desc()) if backwards else (key, Person.id)
    wanted = sa.select(Person.id, key.label("key")).where(search.begins(key))
    if part == "address":
        wanted = wanted.where(sa.not_(search.begins(Person.name_folded)))
    wanted = wanted.where(_is_member(has_role, is_small))
    if has_place:
        wanted = _beyond(wanted, key, backwards)
    few = wanted.order_by(*order).limit(sa.bindparam("rows")).subquery()
    rows = search.ROWS.add_columns(few.c.key).join(few, few.c.id == Member.person_id)
    return rows.order_by(*((few.c.key.desc(), few.c.id.desc()) if backwards else (few.c.key, few.c.id)))


def _is_member(has_role: bool, is_small: bool) -> sa.ColumnElement[bool]:
    """From the members' side in a small organization, from the side of the names, one question each, in a large one."""
    members = sa.select(Member.person_id)
    if has_role:
        members = members.where(Member.role == sa.bindparam("role", type_=Member.role.type))
    if is_small:
        return Person.id.in_(members.limit(sa.bindparam("few")))
    return members.where(Member.person_id == Person.id).exists()


def _beyond(statement: sa.Select[Any], key: Any, backwards: bool) -> sa.Select[Any]:
    """What comes after the cursor in the order that is read; the index is entered at its key."""
    at = sa.bindparam("key", type_=key.type)
    person_id = sa.bindparam("person_id", type_=Person.id.type)
    if backwards:
        return statement.where(key <= at, sa.or_(key < at, Person.id < person_id))
    return statement.where(key >= at, sa.or_(key > at, Person.id > person_id))
