"""Lists of members that stay fast at any size: columns instead of entities, keyset pages, a kept counter.

Every statement is built once, here; `tests/resources/members` pins how many run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
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
_ROWS = sa.select(*_COLUMNS).join(Person, Person.id == Member.person_id)
_ONE = _ROWS.where(Member.id == sa.bindparam("member_id"))
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


def keyset(*, query: str = "", role: str = "", after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """A page of members, newest first. `after` and `before` are cursors from an earlier page.

    `query` is the beginning of a name or an address. `total` is None where counting would scan.
    """
    statement = _filtered(query, role)
    backwards = bool(before)
    cursor = parse_cursor(before or after)
    if cursor:
        joined_at, member_id = cursor
        mark = sa.tuple_(Member.joined_at, Member.id)
        place = sa.tuple_(sa.literal(joined_at, Member.joined_at.type), sa.literal(member_id, Member.id.type))
        statement = statement.where(mark > place if backwards else mark < place)
    order = (Member.joined_at, Member.id) if backwards else (Member.joined_at.desc(), Member.id.desc())
    found = db.session.execute(statement.order_by(*order).limit(limit + 1)).all()
    more, found = len(found) > limit, list(found[:limit])
    if backwards:
        found.reverse()
    rows = _as_dicts(found)
    newer = _cursor(found[0]) if found and (more if backwards else bool(cursor)) else None
    older = _cursor(found[-1]) if found and (backwards or more) else None
    return Page(rows, newer, older, None if query or role else count())


def numbered(offset: int, limit: int, *, query: str = "", role: str = "") -> tuple[list[dict[str, Any]], int]:
    """Page `offset` (1-based) of `limit` members, newest first, and how many there are."""
    statement = _filtered(query, role)
    total = count() if not query and not role else _count_of(statement)
    order = (Member.joined_at.desc(), Member.id.desc())
    skipped = (offset - 1) * limit
    # The rows to skip are found by the index alone; names are joined only for those shown.
    ids = statement.with_only_columns(Member.id).order_by(*order).offset(skipped).limit(limit).subquery()
    found = db.session.execute(_ROWS.join(ids, ids.c.id == Member.id).order_by(*order)).all()
    return _as_dicts(found), total


def one(member_id: UUID) -> dict[str, Any]:
    """One member. Raises `Missing`."""
    found = db.session.execute(_ONE, {"member_id": member_id}).all()
    if not found:
        raise Missing("There is no such member here.")
    return _as_dicts(found)[0]


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


def _filtered(query: str, role: str) -> sa.Select[Any]:
    statement: sa.Select[Any] = _ROWS
    if role in ("admin", "member"):
        statement = statement.where(Member.role == role)
    beginning = " ".join(query.replace("\0", "").split()).lower()  # PostgreSQL takes no NUL in a text
    if beginning:
        statement = statement.where(
            sa.or_(_begins(Person.name_folded, beginning), _begins(Person.email_canonical, beginning)),
        )
    return statement


def _begins(column: Any, beginning: str) -> sa.ColumnElement[bool]:
    """A range that the index serves. Not BETWEEN: PostgreSQL takes no COLLATE inside one."""
    return sa.and_(column >= beginning, column <= beginning + _LAST)


def _count_of(statement: sa.Select[Any]) -> int:
    return db.session.scalar(statement.with_only_columns(sa.func.count(Member.id))) or 0


def _cursor(row: Any) -> str:
    return f"{row.joined_at.isoformat()}_{row.id}"


def _as_dicts(found: Any) -> list[dict[str, Any]]:
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
