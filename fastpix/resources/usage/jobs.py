"""What the worker makes of the counts: a row a day for every workspace, hours put together into days, old days forgotten.

All of it may run in several workers at once: a row is set to what is counted, and hours are taken by whoever comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now, reading, transaction, upsert
from fastpix.resources.usage import domain, queries
from fastpix.resources.usage.domain import Sum
from fastpix.resources.usage.models import DAY, HOUR, UsageCount, UsageDay
from fastpix.resources.workspaces.models import Workspace

HOURS_KEPT, DAYS_KEPT = timedelta(days=8), timedelta(days=2 * 366)
# Hours put together in one transaction: a long one would keep delivery from writing its own.
AT_ONCE = 2000


def _everywhere() -> AbstractContextManager[None]:
    return tenancy.everywhere("the worker adds up the usage of all organizations")


def measure() -> None:
    """Note what every workspace holds today."""
    held = queries.held().subquery()
    columns = [sa.func.coalesce(held.c[name], 0).label(name) for name in ("stored_bytes", "stored_seconds", "media")]
    statement = sa.select(Workspace.id.label("workspace_id"), Workspace.organization_id, *columns)
    with reading(), transaction(), _everywhere():  # a long look, that keeps nobody from writing
        rows = db.session.execute(statement.outerjoin(held, held.c.workspace_id == Workspace.id)).mappings().all()
    with transaction(), _everywhere():
        _set(now().date(), [{**row, "stored_bytes": int(row["stored_bytes"])} for row in rows])


def add_up() -> None:
    """Note what every workspace delivered today and yesterday. It is set, not added to, so it may run twice."""
    for day in (now().date() - timedelta(days=1), now().date()):
        with reading(), transaction(), _everywhere():
            rows = _delivered(day)
        with transaction(), _everywhere():
            _set(day, rows)


def roll() -> None:
    """Put the hours of the week before last together into days, and forget days of long ago."""
    with transaction(), _everywhere():
        old = sa.delete(UsageCount).where(UsageCount.span == DAY, UsageCount.at < now() - DAYS_KEPT)
        db.session.execute(old.execution_options(synchronize_session=False))
    while _roll_some():
        pass


def _delivered(day: date) -> list[dict[str, Any]]:
    begin = domain.beginning(day)
    statement = (
        sa.select(
            UsageCount.workspace_id,
            UsageCount.organization_id,
            sa.func.sum(UsageCount.views).label("views"),
            sa.func.sum(UsageCount.seconds).label("seconds"),
        )
        .where(UsageCount.span == HOUR, UsageCount.at >= begin, UsageCount.at < begin + timedelta(days=1))
        .group_by(UsageCount.workspace_id, UsageCount.organization_id)
    )
    return [{**row, "views": int(row["views"])} for row in db.session.execute(statement).mappings()]


def _set(day: date, rows: Iterable[Mapping[str, Any]]) -> None:
    """Set columns of the day's rows; those that are not in the rows stay as they are."""
    of_day = sorted(({"day": day, **row} for row in rows), key=lambda row: row["workspace_id"])
    if not of_day:
        return
    insert = upsert(UsageDay)
    keys = ["workspace_id", "day"]
    changes = {name: insert.excluded[name] for name in of_day[0] if name not in (*keys, "organization_id")}
    nothing = {"views": 0, "seconds": 0.0} if "views" not in changes else {}
    statement = insert.on_conflict_do_update(index_elements=keys, set_=changes)
    db.session.execute(statement, [nothing | row for row in of_day])


def _roll_some() -> bool:
    """One transaction's worth of old hours, taken out and added to their days; whether there were any."""
    oldest = sa.select(UsageCount.subject_id, UsageCount.at)
    oldest = oldest.where(UsageCount.span == HOUR, UsageCount.at < domain.beginning(now().date()) - HOURS_KEPT)
    oldest = oldest.order_by(UsageCount.at, UsageCount.subject_id).limit(AT_ONCE)
    with transaction(), _everywhere():
        keys = [(row.subject_id, row.at) for row in db.session.execute(oldest)]
        delete = (
            sa.delete(UsageCount)
            .where(UsageCount.span == HOUR, sa.tuple_(UsageCount.subject_id, UsageCount.at).in_(keys))
            .returning(
                UsageCount.subject_id, UsageCount.workspace_id, UsageCount.organization_id, UsageCount.at,
                UsageCount.starts, UsageCount.pieces, UsageCount.seconds,
            )
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        hours = db.session.execute(delete).all() if keys else []
        sums: dict[tuple[date, UUID], Sum] = {}
        for hour in hours:
            key = (hour.at.date(), hour.subject_id)
            total = sums.setdefault(key, Sum(hour.subject_id, hour.workspace_id, hour.organization_id))
            # What was no view in its hour shall not become one in its day.
            total.starts += min(hour.starts, hour.pieces)
            total.pieces += hour.pieces
            total.seconds += hour.seconds
        for day in sorted({day for day, _ in sums}):
            domain.put([total for (of, _), total in sums.items() if of == day], DAY, domain.beginning(day))
    return bool(keys)
