"""Usage over time, within what one may see: an organization's days, its workspaces, and the views of one media."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing
from fastpix.resources.media.models import Media
from fastpix.resources.usage import holding
from fastpix.resources.usage.counting import beginning
from fastpix.resources.usage.models import UsageCount, UsageDay
from fastpix.resources.workspaces.models import Workspace

MOST_DAYS = 366
# A day on which nothing was measured holds what the last one before did, if that is not too long ago.
LOOKED_BACK = timedelta(days=31)


@dataclass
class Day:
    """A day (UTC): what was held at its end, and what was delivered in it."""

    day: date
    stored_bytes: int = 0
    stored_seconds: float = 0.0
    media: int = 0
    views: int = 0
    seconds: float = 0.0


@dataclass
class Period:
    """Every day up to today, and the same by workspace (id, name): held now, and delivered in all of the days.

    `is_measured_now` is whether what is held today is what there is at this moment, not what the last hour found.
    """

    days: list[Day]
    workspaces: list[tuple[UUID, str, Day]]
    is_measured_now: bool = True

    @property
    def total(self) -> Day:
        """What is held now, and what was delivered in all of the days."""
        return _total(self.days)


@action("usage.view")
def history(days: int, workspace_id: UUID | None = None) -> Period:
    """The last `days` days, today the last of them; of one workspace, or of all that one may enter. Raises `Invalid`."""
    every = sa.select(Workspace.id, Workspace.name).order_by(Workspace.name)
    names = {row.id: row.name for row in db.session.execute(every)}
    if workspace_id is not None and workspace_id not in names:
        raise Invalid("workspaceId", "There is no such workspace here.")
    asked = _asked(days)
    rows = sa.select(UsageDay).where(UsageDay.day >= asked[0] - LOOKED_BACK).order_by(UsageDay.day)
    if workspace_id is not None:
        rows = rows.where(UsageDay.workspace_id == workspace_id)
    found: dict[UUID, list[UsageDay]] = {}
    for row in db.session.scalars(rows):
        found.setdefault(row.workspace_id, []).append(row)
    filled = {of: _filled(asked, its) for of, its in found.items() if of in names}
    chosen = list(names) if workspace_id is None else [workspace_id]
    is_measured_now = _hold(filled, asked, chosen)
    whole = [_sum(day, [its[number] for its in filled.values()]) for number, day in enumerate(asked)]
    parts = [(of, name, _total(filled[of])) for of, name in names.items() if of in filled]
    return Period(whole, parts, is_measured_now)


@action("media.view")
def of_media(media_id: UUID, days: int = 30) -> list[Day]:
    """What was delivered of a media on each of the last days; of what was held it says nothing. Raises `Missing`."""
    if db.session.scalar(sa.select(Media.id).where(Media.id == media_id)) is None:
        raise Missing("There is no such media here.")
    asked = _asked(days)
    found = {day: Day(day) for day in asked}
    counts = sa.select(UsageCount.at, UsageCount.views, UsageCount.seconds).where(
        UsageCount.subject_id == media_id, UsageCount.at >= beginning(asked[0])
    )
    for row in db.session.execute(counts):
        if row.at.date() in found:
            found[row.at.date()].views += row.views
            found[row.at.date()].seconds += row.seconds
    return list(found.values())


def _hold(filled: dict[UUID, list[Day]], asked: list[date], workspace_ids: list[UUID]) -> bool:
    """Set what is held today to what there is now; of too many media only their number. Whether all of it is of now.

    A workspace that was never measured is looked at whatever it takes: "nothing" would be false.
    """
    counts = holding.counts()
    is_small = sum(counts.get(of, 0) for of in workspace_ids) <= holding.MOST_AT_ONCE
    there = [of for of in workspace_ids if of in filled or counts.get(of)]
    for of in there:
        filled.setdefault(of, _filled(asked, []))
    seen = holding.now_of([of for of in there if is_small or not filled[of][-1].stored_bytes])
    for of in there:
        today = filled[of][-1]
        today.media = counts.get(of, today.media)
        if of in seen:
            today.stored_bytes, today.stored_seconds, today.media = seen[of]
    return is_small


def _asked(days: int) -> list[date]:
    today, count = now().date(), max(1, min(days, MOST_DAYS))
    return [today - timedelta(days=ago) for ago in reversed(range(count))]


def _filled(asked: list[date], rows: Iterable[UsageDay]) -> list[Day]:
    """A workspace's row for every day asked for."""
    by_day = {row.day: row for row in rows}
    held, filled = Day(asked[0]), []
    for ago in range(LOOKED_BACK.days + len(asked)):
        day = asked[0] - LOOKED_BACK + timedelta(days=ago)
        row = by_day.get(day)
        held = Day(day, held.stored_bytes, held.stored_seconds, held.media)
        if row is not None:
            held.views, held.seconds = row.views, row.seconds
            if row.stored_bytes is not None:
                held.stored_bytes, held.stored_seconds = row.stored_bytes, row.stored_seconds or 0.0
                held.media = row.media or 0
        if day >= asked[0]:
            filled.append(held)
    return filled


def _sum(day: date, parts: list[Day]) -> Day:
    return Day(
        day,
        sum(one.stored_bytes for one in parts),
        sum(one.stored_seconds for one in parts),
        sum(one.media for one in parts),
        sum(one.views for one in parts),
        sum(one.seconds for one in parts),
    )


def _total(days: list[Day]) -> Day:
    last = days[-1]
    delivered = sum(one.views for one in days), sum(one.seconds for one in days)
    return Day(last.day, last.stored_bytes, last.stored_seconds, last.media, *delivered)
