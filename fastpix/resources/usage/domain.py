"""Usage is written down here: what delivery counted, by media or stream, added to what other processes wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now, upsert
from fastpix.resources.usage.models import HOUR, UsageCount
from fastpix.resources.workspaces.models import Workspace


@dataclass
class Sum:
    """What went out of one media or live stream. `seconds` is the length of the pieces."""

    subject_id: UUID
    workspace_id: UUID
    organization_id: UUID
    starts: int = 0
    pieces: int = 0
    seconds: float = 0.0


def hour_of(at: datetime) -> datetime:
    """The beginning of its hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def beginning(day: date) -> datetime:
    """Midnight of a day, UTC."""
    return datetime.combine(day, time(), UTC)


def add(sums: Iterable[Sum]) -> None:
    """Add the sums to this hour's. Workspaces that are gone meanwhile are left out."""
    with tenancy.everywhere("viewers belong to no organization; what they watch says where it is counted"):
        counted = list(sums)
        statement = sa.select(Workspace.id).where(Workspace.id.in_({one.workspace_id for one in counted}))
        workspace_ids = set(db.session.scalars(statement))
        put([one for one in counted if one.workspace_id in workspace_ids], HOUR, hour_of(now()))


def put(sums: Iterable[Sum], span: str, at: datetime) -> None:
    """Add sums to those of a span. In order of the ids: two processes must not wait for each other."""
    columns = ("subject_id", "workspace_id", "organization_id", "starts", "pieces", "seconds")
    rows = [{name: getattr(one, name) for name in columns} | {"span": span, "at": at} for one in sums]
    if not rows:
        return
    insert = upsert(UsageCount)
    added = {name: getattr(UsageCount, name) + insert.excluded[name] for name in ("starts", "pieces", "seconds")}
    statement = insert.on_conflict_do_update(index_elements=["subject_id", "span", "at"], set_=added)
    db.session.execute(statement, sorted(rows, key=lambda row: row["subject_id"]))
