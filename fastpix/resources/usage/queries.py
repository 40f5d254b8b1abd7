"""Usage over time, within what one may see: an organization's days, its workspaces, and the views of one media.

What is held today is what there is at this moment, while adding that up is quick; else what the last hour measured.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing
from fastpix.resources.media.models import Media, MediaCount
from fastpix.resources.usage.domain import beginning
from fastpix.resources.usage.models import UsageCount, UsageDay
from fastpix.resources.workspaces.models import Workspace

MOST_DAYS = 366
# A day on which nothing was measured holds what the last one before did, if that is not too long ago.
LOOKED_BACK = timedelta(days=31)
# Adding up reads every media: with more of them than this in all, the page shows what was measured within the hour.
MOST_AT_ONCE = 10_000


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
    dates = _last(days)
    statement = sa.select(UsageDay).where(UsageDay.day >= dates[0] - LOOKED_BACK).order_by(UsageDay.day)
    if workspace_id is not None:
        statement = statement.where(UsageDay.workspace_id == workspace_id)
    measured: dict[UUID, list[UsageDay]] = {}
    for row in db.session.scalars(statement):
        measured.setdefault(row.workspace_id, []).append(row)
    by_workspace = {id_: _filled(dates, rows) for id_, rows in measured.items() if id_ in names}
    is_measured_now = _measure_today(by_workspace, dates, list(names) if workspace_id is None else [workspace_id])
    sums = [_sum(day, [its_days[number] for its_days in by_workspace.values()]) for number, day in enumerate(dates)]
    totals = [(id_, name, _total(by_workspace[id_])) for id_, name in names.items() if id_ in by_workspace]
    return Period(sums, totals, is_measured_now)


@action("usage.view")
def views(days: int, workspace_ids: Iterable[UUID]) -> list[tuple[date, int]]:
    """The views of these workspaces together on each of the last days, without adding up what they hold."""
    dates = _last(days)
    statement = sa.select(UsageDay.day, sa.func.sum(UsageDay.views)).where(
        UsageDay.day >= dates[0], UsageDay.workspace_id.in_(list(workspace_ids))
    )
    by_date = {day: int(count or 0) for day, count in db.session.execute(statement.group_by(UsageDay.day))}
    return [(day, by_date.get(day, 0)) for day in dates]


@action("media.view")
def of_media(media_id: UUID, days: int = 30) -> list[Day]:
    """What was delivered of a media on each of the last days; of what was held it says nothing. Raises `Missing`."""
    if db.session.scalar(sa.select(Media.id).where(Media.id == media_id)) is None:
        raise Missing("There is no such media here.")
    by_date = {date_: Day(date_) for date_ in _last(days)}
    counts = sa.select(UsageCount.at, UsageCount.views, UsageCount.seconds).where(
        UsageCount.subject_id == media_id, UsageCount.at >= beginning(min(by_date))
    )
    for row in db.session.execute(counts):
        if day := by_date.get(row.at.date()):
            day.views += row.views
            day.seconds += row.seconds
    return list(by_date.values())


def held() -> sa.Select[UUID, int, float, int]:
    """A row for each workspace that holds media: `workspace_id`, `stored_bytes`, `stored_seconds`, `media`."""
    return sa.select(
        Media.workspace_id,
        sa.func.sum(Media.size).label("stored_bytes"),
        sa.func.sum(sa.func.coalesce(Media.duration, 0.0)).label("stored_seconds"),
        sa.func.count().label("media"),
    ).group_by(Media.workspace_id)


def _held_now(workspace_ids: Collection[UUID]) -> dict[UUID, tuple[int, float, int]]:
    """Bytes, seconds and media of each of these workspaces, as they are at this moment."""
    amounts = dict.fromkeys(workspace_ids, (0, 0.0, 0))
    statement = held().where(Media.workspace_id.in_(workspace_ids))
    for row in db.session.execute(statement) if workspace_ids else ():
        amounts[row.workspace_id] = (int(row.stored_bytes), float(row.stored_seconds), row.media)
    return amounts


def _media_counts() -> dict[UUID, int]:
    """How many media each workspace holds; kept exactly, and read without counting."""
    counts = db.session.execute(sa.select(MediaCount.workspace_id, MediaCount.total))
    return {row.workspace_id: row.total for row in counts}


def _measure_today(by_workspace: dict[UUID, list[Day]], dates: list[date], workspace_ids: list[UUID]) -> bool:
    """Set what is held today to what there is now; of too many media only their number. Whether all of it is of now.

    A workspace that was never measured is looked at whatever it takes: "nothing" would be false.
    """
    counts = _media_counts()
    is_small = sum(counts.get(id_, 0) for id_ in workspace_ids) <= MOST_AT_ONCE
    shown = [id_ for id_ in workspace_ids if id_ in by_workspace or counts.get(id_)]
    for id_ in shown:
        by_workspace.setdefault(id_, _filled(dates, []))
    amounts = _held_now([id_ for id_ in shown if is_small or not by_workspace[id_][-1].stored_bytes])
    for id_ in shown:
        today = by_workspace[id_][-1]
        today.media = counts.get(id_, today.media)
        if id_ in amounts:
            today.stored_bytes, today.stored_seconds, today.media = amounts[id_]
    return is_small


def _last(days: int) -> list[date]:
    """So many days, today the last of them."""
    today, count = now().date(), max(1, min(days, MOST_DAYS))
    return [today - timedelta(days=ago) for ago in reversed(range(count))]


def _filled(dates: list[date], rows: Iterable[UsageDay]) -> list[Day]:
    """A workspace's row for every one of these days."""
    by_date = {row.day: row for row in rows}
    day, filled = Day(dates[0]), []
    for ago in range(LOOKED_BACK.days + len(dates)):
        date_ = dates[0] - LOOKED_BACK + timedelta(days=ago)
        row = by_date.get(date_)
        day = Day(date_, day.stored_bytes, day.stored_seconds, day.media)
        if row is not None:
            day.views, day.seconds = row.views, row.seconds
            if row.stored_bytes is not None:
                day.stored_bytes, day.stored_seconds = row.stored_bytes, row.stored_seconds or 0.0
                day.media = row.media or 0
        if date_ >= dates[0]:
            filled.append(day)
    return filled


def _sum(date_: date, days: list[Day]) -> Day:
    return Day(
        date_,
        sum(day.stored_bytes for day in days),
        sum(day.stored_seconds for day in days),
        sum(day.media for day in days),
        sum(day.views for day in days),
        sum(day.seconds for day in days),
    )


def _total(days: list[Day]) -> Day:
    last = days[-1]
    delivered = sum(day.views for day in days), sum(day.seconds for day in days)
    return Day(last.day, last.stored_bytes, last.stored_seconds, last.media, *delivered)
