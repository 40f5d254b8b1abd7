"""Lists of members that stay fast at any size: columns instead of entities, keyset pages, a kept counter.

Every statement is built once, here; `tests/resources/members` pins how many run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.table import ROLES
from fastpix.db import db, now
from fastpix.errors import Missing
from fastpix.resources.members.models import IS_ACTIVE, GrantedWorkspace, Member, MemberRow, MemberWorkspace
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people import queries as words
from fastpix.resources.people.models import Person, PersonWord
from fastpix.resources.workspaces.models import Workspace
from fastpix.text import folded_words
from fastpix.web import lists

PAGE = 25
# What the list can be narrowed to, beside a role.
STATUSES: dict[str, sa.ColumnElement[bool]] = {
    "active": IS_ACTIVE,
    "suspended": Member.suspended_at.is_not(None),
    "ending": Member.ends_at.is_not(None),
}

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
    Member.suspended_at,
    Member.ends_on,
    Member.ends_at,
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

    rows: list[MemberRow]
    newer: str | None
    older: str | None
    total: int | None


def keyset(*, role: str = "", status: str = "", after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """A page of members, newest first. `after` and `before` are cursors from an earlier page.

    `total` is None where counting would scan.
    """
    role, status = known(role, status)
    backwards, cursor = bool(before), parse_cursor(before or after)
    joined_at, member_id = cursor or (None, None)
    parameters = {"role": role, "joined_at": joined_at, "member_id": member_id, "rows": limit + 1}
    rows = list(db.session.execute(_keyset(bool(role), status, cursor is not None, backwards), parameters))
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    newer = _cursor(rows[0]) if rows and (more if backwards else bool(cursor)) else None
    older = _cursor(rows[-1]) if rows and (backwards or more) else None
    return Page(as_dicts(rows), newer, older, None if role or status else count())


def numbered(
    offset: int, limit: int, *, query: str = "", role: str = "", status: str = ""
) -> tuple[list[MemberRow], int]:
    """Page `offset` (1-based) of `limit` members, newest first, and how many there are.

    The rows to skip are counted off by the index alone, from the nearer end; names are joined only for those shown.
    """
    (role, status), wanted = known(role, status), folded_words.asked(query)
    if query.strip() and not wanted:
        return [], 0
    wanted = words.rarest_first(wanted)
    parameters: dict[str, Any] = {**words.bounds(wanted), "role": role}
    is_all = not (wanted or role or status)
    total = count() if is_all else db.session.scalar(_counting(len(wanted), bool(role), status), parameters) or 0
    page = lists.stretch(offset, limit, total)
    if not page.size:
        return [], total
    statement = _numbered(len(wanted), bool(role), status, page.is_turned)
    rows = tenancy.rows(statement, {**parameters, "skip": page.skip, "rows": page.size}).all()
    return as_dicts(rows), total


def one(member_id: UUID) -> MemberRow:
    """One member. Raises `Missing`."""
    rows = tenancy.rows(_ONE, {"member_id": member_id}).all()
    if not rows:
        raise Missing("There is no such member here.")
    return as_dicts(rows)[0]


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


def known(role: str, status: str) -> tuple[str, str]:
    """The filters as they count: what nobody knows narrows nothing."""
    return role if role in ROLES else "", status if status in STATUSES else ""


@lru_cache(maxsize=16)
def _keyset(has_role: bool, status: str, has_cursor: bool, backwards: bool) -> sa.Select[Any]:
    statement = restricted(ROWS, 0, has_role, status)
    if has_cursor:
        mark = sa.tuple_(Member.joined_at, Member.id)
        place = sa.tuple_(
            sa.bindparam("joined_at", type_=Member.joined_at.type), sa.bindparam("member_id", type_=Member.id.type)
        )
        statement = statement.where(mark > place if backwards else mark < place)
    return statement.order_by(*(_OLDEST if backwards else _NEWEST)).limit(sa.bindparam("rows"))


@lru_cache(maxsize=64)
def _numbered(words_asked: int, has_role: bool, status: str, is_turned: bool) -> sa.Select[Any]:
    ids = restricted(sa.select(Member.id), words_asked, has_role, status).order_by(*(_OLDEST if is_turned else _NEWEST))
    of_page = ids.offset(sa.bindparam("skip")).limit(sa.bindparam("rows")).subquery()
    return ROWS.join(of_page, of_page.c.id == Member.id).order_by(*_NEWEST)


@lru_cache(maxsize=64)
def _counting(words_asked: int, has_role: bool, status: str) -> sa.Select[Any]:
    return restricted(sa.select(sa.func.count(Member.id)), words_asked, has_role, status)


def restricted(statement: sa.Select[Any], words_asked: int, has_role: bool, status: str) -> sa.Select[Any]:
    """Narrowed to a role and a status, and to the people of the first word, of whom each has the others."""
    if has_role:
        statement = statement.where(Member.role == sa.bindparam("role", type_=Member.role.type))
    if status:
        statement = statement.where(STATUSES[status])
    if words_asked:
        statement = statement.where(Member.person_id.in_(sa.select(PersonWord.person_id).where(words.begins(0))))
    return statement.where(*(words.has_word(Member.person_id, number) for number in range(1, words_asked)))


def _cursor(row: Any) -> str:
    return f"{row.joined_at.isoformat()}_{row.id}"


def as_dicts(rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> list[MemberRow]:
    """Rows of `ROWS` with the workspaces that limited members were granted."""
    limited = [row.id for row in rows if not row.all_workspaces]
    granted: dict[UUID, list[GrantedWorkspace]] = {member_id: [] for member_id in limited}
    if limited:
        for member_id, workspace_id, name in tenancy.rows(_GRANTS, {"member_ids": limited}):
            granted[member_id].append(GrantedWorkspace(id=workspace_id, name=name))
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
            "suspended_at": row.suspended_at,
            "ends_on": row.ends_on,
            "ends_at": row.ends_at,
            "has_ended": row.ends_at is not None and row.ends_at <= now(),
        }
        for row in rows
    ]
