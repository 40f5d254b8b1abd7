"""What the worker makes of the counts: a row a day for every workspace, hours put together into days, old days forgotten.

All of it may run in several workers at once: a row is set to what is found, and hours are taken by whoever comes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fastpix.access import tenancy
from fastpix.db import db, now, reading, transaction
from fastpix.resources.usage import counting, holding
from fastpix.resources.usage.counting import Sum
from fastpix.resources.usage.models import DAY, HOUR, UsageCount, UsageDay
from fastpix.resources.workspaces.models import Workspace

HOURS_KEPT, DAYS_KEPT = timedelta(days=8), timedelta(days=2 * 366)
# Hours put together in one transaction: a long one would keep delivery from writing its own.
AT_ONCE = 2000


def _everywhere() -> AbstractContextManager[None]:
    return tenancy.everywhere("the worker adds up the usage of all organizations")


def measure() -> None:
    """Note what every workspace holds today."""
    held = holding.statement().subquery()
    columns = [sa.func.coalesce(held.c[name], 0).label(name) for name in ("stored_bytes", "stored_seconds", "media")]
    statement = sa.select(Workspace.id.label("workspace_id"), Workspace.organization_id, *columns)
    with reading(), transaction(), _everywhere():  # a long look, that keeps nobody from writing
        found = db.session.execute(statement.outerjoin(held, held.c.workspace_id == Workspace.id)).mappings().all()
    with transaction(), _everywhere():
        _set(now().date(), [{**row, "stored_bytes": int(row["stored_bytes"])} for row in found])


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
        over = sa.delete(UsageCount).where(UsageCount.span == DAY, UsageCount.at < now() - DAYS_KEPT)
        db.session.execute(over.execution_options(synchronize_session=False))
    while _roll_some():
        pass


def _delivered(day: date) -> list[dict[str, Any]]:
    begin = counting.beginning(day)
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


def _set(day: date, rows: Iterable[dict[str, Any]]) -> None:
    """Set columns of the day's rows; those that are not given stay as they are."""
    given = sorted(({"day": day, **row} for row in rows), key=lambda row: row["workspace_id"])
    if not given:
        return
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(UsageDay)
    same = ["workspace_id", "day"]
    told = {name: insert.excluded[name] for name in given[0] if name not in (*same, "organization_id")}
    nothing = {"views": 0, "seconds": 0.0} if "views" not in told else {}
    db.session.execute(insert.on_conflict_do_update(index_elements=same, set_=told), [nothing | row for row in given])


def _roll_some() -> bool:
    """One transaction's worth of old hours, taken out and added to their days; whether there were any."""
    oldest = sa.select(UsageCount.subject_id, UsageCount.at)
    oldest = oldest.where(UsageCount.span == HOUR, UsageCount.at < counting.beginning(now().date()) - HOURS_KEPT)
    with transaction(), _everywhere():
        chosen = db.session.execute(oldest.order_by(UsageCount.at, UsageCount.subject_id).limit(AT_ONCE)).all()
        keys = [(row.subject_id, row.at) for row in chosen]
        taken = (
            sa.delete(UsageCount)
            .where(UsageCount.span == HOUR, sa.tuple_(UsageCount.subject_id, UsageCount.at).in_(keys))
            .returning(
                UsageCount.subject_id, UsageCount.workspace_id, UsageCount.organization_id, UsageCount.at,
                UsageCount.starts, UsageCount.pieces, UsageCount.seconds,
            )
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        hours = db.session.execute(taken).all() if keys else []
        days: dict[tuple[date, UUID], Sum] = {}
        for row in hours:
            key = (row.at.date(), row.subject_id)
            one = days.setdefault(key, Sum(row.subject_id, row.workspace_id, row.organization_id))
            # What was no view in its hour shall not become one in its day.
            one.starts += min(row.starts, row.pieces)
            one.pieces += row.pieces
            one.seconds += row.seconds
        for day in sorted({day for day, _ in days}):
            counting.put([one for (of, _), one in days.items() if of == day], DAY, counting.beginning(day))
    return bool(keys)
