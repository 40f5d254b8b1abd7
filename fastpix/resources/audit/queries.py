"""Finds rows of the audit log: pages by number, which stay fast at any size, and the whole of a filter for exports.

Within a chain numbers have no gap and times only rise, so a page, a day and the total are found without counting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.db import db
from fastpix.resources.audit.models import AuditEntry, AuditHead, AuditRow

PAGE, BATCH = 25, 1000
# How far a filtered list is counted; beyond it is "more than".
MOST_COUNTED = 1000
# Who acted in the latest rows is offered as a choice.
LATEST = 100

COLUMNS = (
    "number", "id", "at", "action", "result", "actor_kind", "actor_id", "actor_name", "door", "address", "request_id",
    "target_kind", "target_id", "target_name", "workspace_id", "before", "after", "hash",
)  # fmt: skip
_ROWS = sa.select(*(getattr(AuditRow, name) for name in COLUMNS))


@dataclass(frozen=True)
class Filter:
    """What is empty restricts nothing. `action` is a permission or its area, `thing` the id of what it was done to; the
    days are whole ones in UTC."""

    actor: str = ""
    action: str = ""
    result: str = ""
    door: str = ""
    kind: str = ""
    thing: str = ""
    workspace: UUID | None = None
    since: date | None = None
    until: date | None = None

    @property
    def is_empty(self) -> bool:
        return self == Filter()


@dataclass(frozen=True)
class Page:
    """Rows, newest first, the numbers that the pages beside it begin at, and how many rows there are (`at_least`)."""

    rows: list[AuditEntry]
    newer: int | None
    older: int | None
    total: int
    at_least: bool
    actors: list[tuple[str, str]]


def keyset(filter_by: Filter, *, older: int | None = None, newer: int | None = None) -> Page:
    """The page that ends before number `older` or begins after `newer`; the newest without either."""
    conditions = _conditions(filter_by)
    place = (
        AuditRow.number > newer if newer is not None else AuditRow.number < older if older is not None else sa.true()
    )
    order = AuditRow.number if newer is not None else AuditRow.number.desc()
    statement = _ROWS.where(*conditions, place).order_by(order).limit(PAGE + 1)
    rows = [_entry(row) for row in db.session.execute(statement)]
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if newer is not None:
        rows.reverse()
    has_newer = more if newer is not None else older is not None
    has_older = more if newer is None else True
    total = _total(conditions, _is_whole(filter_by), MOST_COUNTED + 1)
    return Page(
        rows,
        rows[0]["number"] if rows and has_newer else None,
        rows[-1]["number"] if rows and has_older else None,
        min(total, MOST_COUNTED) if not _is_whole(filter_by) else total,
        total > MOST_COUNTED and not _is_whole(filter_by),
        _actors(),
    )


def numbered(filter_by: Filter, offset: int, limit: int) -> tuple[list[AuditEntry], int]:
    """Page `offset` (1-based) of `limit` rows, newest first, and how many there are."""
    conditions, skipped = _conditions(filter_by), (offset - 1) * limit
    statement = _ROWS.order_by(AuditRow.number.desc()).limit(limit)
    if _is_whole(filter_by):
        end = db.session.scalar(sa.select(AuditHead.number).where(AuditHead.chain == tenancy.organization_id())) or 0
        statement = statement.where(*conditions, AuditRow.number <= end - skipped)
    else:
        # The rows to skip are found by the index alone.
        ids = (
            sa.select(AuditRow.number).where(*conditions).order_by(AuditRow.number.desc()).offset(skipped).limit(limit)
        )
        statement = statement.where(conditions[0], AuditRow.number.in_(list(db.session.scalars(ids))))
    rows = [_entry(row) for row in db.session.execute(statement)]
    return rows, _total(conditions, _is_whole(filter_by), None)


def everything(filter_by: Filter) -> Iterator[AuditEntry]:
    """All rows of a filter, newest first, a batch in memory at a time and no transaction held between them."""
    conditions = _conditions(filter_by)  # now: who asks may be out of force when the last row is read

    def read() -> Iterator[AuditEntry]:
        past: sa.ColumnElement[bool] = sa.true()
        while True:
            statement = _ROWS.where(*conditions, past).order_by(AuditRow.number.desc()).limit(BATCH)
            rows = [_entry(row) for row in db.session.execute(statement)]
            db.session.rollback()
            yield from rows
            if len(rows) < BATCH:
                return
            past = AuditRow.number < rows[-1]["number"]

    return read()


def _entry(row: sa.Row[*tuple[Any, ...]]) -> AuditEntry:
    return {
        "number": row.number,
        "id": row.id,
        "at": row.at,
        "action": row.action,
        "result": row.result,
        "actor_kind": row.actor_kind,
        "actor_id": row.actor_id,
        "actor_name": row.actor_name,
        "door": row.door,
        "address": row.address,
        "request_id": row.request_id,
        "target_kind": row.target_kind,
        "target_id": row.target_id,
        "target_name": row.target_name,
        "workspace_id": row.workspace_id,
        "before": row.before,
        "after": row.after,
        "hash": row.hash,
    }


def _is_whole(filter_by: Filter) -> bool:
    return filter_by.is_empty and _reach() is None


def _reach() -> frozenset[UUID] | None:
    """The workspaces whose rows the actor sees, besides those of no workspace; None for all."""
    actor = principal.current()
    return None if actor.sees_all_workspaces else actor.workspace_ids


def _conditions(filter_by: Filter) -> list[sa.ColumnElement[bool]]:
    of = tenancy.organization_id()
    conditions: list[sa.ColumnElement[bool]] = [AuditRow.chain == of]
    reach = _reach()
    if reach is not None:
        conditions.append(sa.or_(AuditRow.workspace_id.is_(None), AuditRow.workspace_id.in_(reach)))
    equal: list[tuple[Any, Any]] = [
        (AuditRow.actor_id, filter_by.actor),
        (AuditRow.action if "." in filter_by.action else AuditRow.area, filter_by.action),
        (AuditRow.result, filter_by.result),
        (AuditRow.door, filter_by.door),
        (AuditRow.target_kind, filter_by.kind),
        (AuditRow.target_id, filter_by.thing),
        (AuditRow.workspace_id, filter_by.workspace),
    ]
    conditions.extend(column == value for column, value in equal if value)
    if filter_by.since:
        first = _first_from(of, filter_by.since)
        conditions.append(AuditRow.number >= first if first is not None else sa.false())
    if filter_by.until and filter_by.until < date.max:
        first = _first_from(of, filter_by.until + timedelta(days=1))
        if first is not None:
            conditions.append(AuditRow.number < first)
    return conditions


def _first_from(of: UUID, day: date) -> int | None:
    """The number of the first row of a day or after it."""
    begin = datetime.combine(day, time(), UTC)
    statement = sa.select(AuditRow.number).where(AuditRow.chain == of, AuditRow.at >= begin)
    return db.session.scalar(statement.order_by(AuditRow.at).limit(1))


def _total(conditions: list[sa.ColumnElement[bool]], is_whole: bool, most: int | None) -> int:
    if is_whole:
        ends = sa.select(AuditHead.number - AuditHead.start_number).where(AuditHead.chain == tenancy.organization_id())
        return db.session.scalar(ends) or 0
    some = sa.select(AuditRow.number).where(*conditions).limit(most).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _actors() -> list[tuple[str, str]]:
    """Id and name of who acted in the latest rows."""
    names = sa.select(AuditRow.actor_id, AuditRow.actor_name).where(*_conditions(Filter()))
    latest = db.session.execute(names.order_by(AuditRow.number.desc()).limit(LATEST)).all()
    return sorted({row.actor_id: row.actor_name for row in reversed(latest)}.items(), key=lambda pair: pair[1].lower())


def latest() -> datetime | None:
    """When the last row of all organizations' logs is of."""
    return db.session.scalar(sa.select(sa.func.max(AuditHead.at)))
