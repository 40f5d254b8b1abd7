"""Lists of members that stay fast at any size: columns instead of entities, keyset pages, a kept counter.

Every statement is built once, here; `tests/resources/members` pins how many run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import paging
from fastpix.access import principal
from fastpix.access.table import ROLES
from fastpix.db import db
from fastpix.errors import Missing
from fastpix.resources.members.models import Member, MemberWorkspace
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person
from fastpix.resources.workspaces.models import Workspace

PAGE = 25
# The greatest code point: closes the range of all texts that begin with a prefix, by the index.
_LAST = "\U0010ffff"

_COLUMNS: tuple[Any, ...] = (
    Member.id,
    Member.person_id,
    Member.role,
    Member.all_workspaces,
    Member.joined_at,
    Member.last_seen_at,
    Person.name,
    Person.email,
    Person.second_factor_at.is_not(None).label("has_second_factor"),
)
ROWS = sa.select(*_COLUMNS).join(Person, Person.id == Member.person_id)
_NEWEST = (Member.joined_at.desc(), Member.id.desc())
_OLDEST = (Member.joined_at, Member.id)
_ONE = ROWS.where(Member.id == sa.bindparam("member_id"))
_GRANTS = (
    sa.select(MemberWorkspace.member_id, Workspace.id, Workspace.name)
    .join(Workspace, Workspace.id == MemberWorkspace.to_workspace_id)
    .where(MemberWorkspace.member_id.in_(sa.bindparam("member_ids", expanding=True)))
    .order_by(Workspace.name_folded)
)
_TOTAL = sa.select(Organization.member_count)


@dataclass(frozen=True)
class Page:
    """Some rows, newest first, and the cursors of the pages beside it (None where there is none)."""

    rows: list[dict[str, Any]]
    newer: str | None
    older: str | None
    total: int | None


def keyset(*, role: str = "", after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """A page of members, newest first. `after` and `before` are cursors from an earlier page.

    `total` is None where counting would scan.
    """
    role = role if role in ROLES else ""
    backwards, cursor = bool(before), parse_cursor(before or after)
    joined_at, member_id = cursor or (None, None)
    asked = {"role": role, "joined_at": joined_at, "member_id": member_id, "rows": limit + 1}
    found = db.session.execute(_keyset(bool(role), cursor is not None, backwards), asked).all()
    more, found = len(found) > limit, list(found[:limit])
    if backwards:
        found.reverse()
    newer = _cursor(found[0]) if found and (more if backwards else bool(cursor)) else None
    older = _cursor(found[-1]) if found and (backwards or more) else None
    return Page(as_dicts(found), newer, older, None if role else count())


def numbered(offset: int, limit: int, *, query: str = "", role: str = "") -> tuple[list[dict[str, Any]], int]:
    """Page `offset` (1-based) of `limit` members, newest first, and how many there are.

    The rows to skip are counted off by the index alone, from the nearer end; names are joined only for those shown.
    """
    role = role if role in ROLES else ""
    asked = values(query, role)
    beginning = asked["beginning"]
    is_all = not beginning and not role
    total = count() if is_all else db.session.scalar(_counting(bool(beginning), bool(role)), asked) or 0
    page = paging.stretch(offset, limit, total)
    if not page.size:
        return [], total
    statement = _numbered(bool(beginning), bool(role), page.is_turned)
    found = db.session.execute(statement, asked | {"skip": page.skip, "rows": page.size}).all()
    return as_dicts(found), total


def one(member_id: UUID) -> dict[str, Any]:
    """One member. Raises `Missing`."""
    found = db.session.execute(_ONE, {"member_id": member_id}).all()
    if not found:
        raise Missing("There is no such member here.")
    return as_dicts(found)[0]


def count() -> int:
    """How many members there are, from the counter kept in the same transactions."""
    return db.session.scalar(_TOTAL) or 0


def parse_cursor(text: str) -> tuple[datetime, UUID] | None:
    """A page's cursor; None for an empty or broken one, which shows the first page."""
    moment, _, member_id = text.rpartition("_")
    try:
        at = datetime.fromisoformat(moment)
        return (at.astimezone(UTC), UUID(member_id)) if at.tzinfo else None
    except (ValueError, OverflowError):  # 0001-01-01 east of Greenwich is before all time
        return None


def values(query: str, role: str) -> dict[str, Any]:
    """What the statements may ask for; those that do not ask leave it."""
    beginning = beginning_of(query)
    return {"beginning": beginning, "end": beginning + _LAST, "role": role}


def beginning_of(query: str) -> str:
    """What was typed, as names are kept folded."""
    return " ".join(query.replace("\0", "").split()).lower()  # PostgreSQL takes no NUL in a text


@lru_cache(maxsize=8)
def _keyset(has_role: bool, has_cursor: bool, backwards: bool) -> sa.Select[Any]:
    statement = _restricted(ROWS, False, has_role)
    if has_cursor:
        mark = sa.tuple_(Member.joined_at, Member.id)
        place = sa.tuple_(
            sa.bindparam("joined_at", type_=Member.joined_at.type), sa.bindparam("member_id", type_=Member.id.type)
        )
        statement = statement.where(mark > place if backwards else mark < place)
    return statement.order_by(*(_OLDEST if backwards else _NEWEST)).limit(sa.bindparam("rows"))


@lru_cache(maxsize=8)
def _numbered(has_beginning: bool, has_role: bool, is_turned: bool) -> sa.Select[Any]:
    ids = _ids(has_beginning, has_role).order_by(*(_OLDEST if is_turned else _NEWEST))
    wanted = ids.offset(sa.bindparam("skip")).limit(sa.bindparam("rows")).subquery()
    return ROWS.join(wanted, wanted.c.id == Member.id).order_by(*_NEWEST)


@lru_cache(maxsize=4)
def _counting(has_beginning: bool, has_role: bool) -> sa.Select[Any]:
    return _ids(has_beginning, has_role).with_only_columns(sa.func.count(Member.id))


def _ids(has_beginning: bool, has_role: bool) -> sa.Select[Any]:
    """Ids alone; people are joined only where their names decide, since each row that is skipped would look for one."""
    joined = sa.select(Member.id).join(Person, Person.id == Member.person_id)
    return _restricted(joined if has_beginning else sa.select(Member.id), has_beginning, has_role)


def _restricted(statement: sa.Select[Any], has_beginning: bool, has_role: bool) -> sa.Select[Any]:
    if has_role:
        statement = statement.where(Member.role == sa.bindparam("role", type_=Member.role.type))
    if has_beginning:
        statement = statement.where(sa.or_(begins(Person.name_folded), begins(Person.email_canonical)))
    return statement


def begins(column: Any) -> sa.ColumnElement[bool]:
    """A range that the index serves. Not BETWEEN: PostgreSQL takes no COLLATE inside one."""
    beginning, end = (sa.bindparam(name, type_=column.type) for name in ("beginning", "end"))
    return sa.and_(column >= beginning, column <= end)


def _cursor(row: Any) -> str:
    return f"{row.joined_at.isoformat()}_{row.id}"


def as_dicts(found: Any) -> list[dict[str, Any]]:
    limited = [row.id for row in found if not row.all_workspaces]
    granted: dict[UUID, list[dict[str, Any]]] = {member_id: [] for member_id in limited}
    if limited:
        for member_id, workspace_id, name in db.session.execute(_GRANTS, {"member_ids": limited}):
            granted[member_id].append({"id": workspace_id, "name": name})
    me = principal.current().member_id
    return [
        {
            "id": row.id,
            "person_id": row.person_id,
            "name": row.name,
            "email": row.email,
            "role": row.role,
            "workspaces": "all" if row.all_workspaces else granted[row.id],
            "joined_at": row.joined_at,
            "last_seen_at": row.last_seen_at,
            "is_me": row.id == me,
            "has_second_factor": row.has_second_factor,
        }
        for row in found
    ]
