"""Views and seconds of a workspace's media and streams in a period, as delivery counted them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import db, now
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.media.models import Media
from fastpix.resources.usage.domain import hour_of
from fastpix.resources.usage.models import DAY, HOUR, UsageCount
from fastpix.resources.usage.video_data import rules
from fastpix.resources.usage.video_data.rules import Filter, Period

_SUMS = (
    sa.func.coalesce(sa.func.sum(UsageCount.views), 0).label("views"),
    sa.func.coalesce(sa.func.sum(UsageCount.seconds), 0.0).label("seconds"),
)


@dataclass
class Counted:
    """What went out in a stretch of time, or under one name."""

    views: int = 0
    seconds: float = 0.0

    def add(self, views: int, seconds: float) -> None:
        self.views += int(views)
        self.seconds += float(seconds)


def period(texts: Sequence[str]) -> Period:
    """The period that is asked for, up to now unless it says another end. Raises `Invalid`."""
    return rules.period(texts, now())


@action("usage.view")
def overall(workspace_id: UUID, within: Period, chosen: Sequence[Filter]) -> Counted:
    """All of it together."""
    row = db.session.execute(sa.select(*_SUMS).where(*_conditions(workspace_id, within, chosen))).one()
    return Counted(int(row.views), float(row.seconds))


@action("usage.view")
def over_time(workspace_id: UUID, within: Period, chosen: Sequence[Filter], *, by_day: bool) -> dict[datetime, Counted]:
    """By hour or by day, oldest first, where anything was counted. What is kept by the day stays by the day."""
    statement = sa.select(UsageCount.at, *_SUMS).where(*_conditions(workspace_id, within, chosen))
    found: dict[datetime, Counted] = {}
    for row in db.session.execute(statement.group_by(UsageCount.at).order_by(UsageCount.at)):
        at = row.at.replace(hour=0) if by_day else row.at
        found.setdefault(at, Counted()).add(row.views, row.seconds)
    return found


@action("usage.view")
def by_dimension(workspace_id: UUID, within: Period, chosen: Sequence[Filter], dimension: str) -> dict[str, Counted]:
    """By the values of a dimension that is counted here, most viewed first."""
    streams = _streams(workspace_id)
    columns = (UsageCount.subject_id, Media.title, Media.source_name)
    statement = sa.select(*columns, *_SUMS).outerjoin(Media, Media.id == UsageCount.subject_id)
    found: dict[str, Counted] = {}
    for row in db.session.execute(statement.where(*_conditions(workspace_id, within, chosen)).group_by(*columns)):
        title = streams.get(row.subject_id) or row.title or row.source_name or str(row.subject_id)
        values = rules.values(row.subject_id, title, is_stream=row.subject_id in streams)
        if dimension in values:
            found.setdefault(values[dimension], Counted()).add(row.views, row.seconds)
    return dict(sorted(found.items(), key=lambda entry: (-entry[1].views, entry[0])))


@action("usage.view")
def dimensions() -> tuple[str, ...]:
    """What views are counted by."""
    return rules.BY


def _conditions(workspace_id: UUID, within: Period, chosen: Sequence[Filter]) -> list[sa.ColumnElement[bool]]:
    first = hour_of(within.begin)
    is_in_time = sa.or_(
        sa.and_(UsageCount.span == HOUR, UsageCount.at >= first),
        sa.and_(UsageCount.span == DAY, UsageCount.at >= first - timedelta(hours=first.hour)),
    )
    of_workspace = (UsageCount.workspace_id == workspace_id, UsageCount.at < within.end, is_in_time)
    return [*of_workspace, *(_condition(each, workspace_id) for each in chosen)]


def _condition(chosen: Filter, workspace_id: UUID) -> sa.ColumnElement[bool]:
    if chosen.dimension == rules.TITLE:
        shown = sa.case((Media.title == "", Media.source_name), else_=Media.title)
        media = sa.select(Media.id).where(Media.workspace_id == workspace_id, shown == chosen.value)
        streams = [stream_id for stream_id, name in _streams(workspace_id).items() if name == chosen.value]
        matching = sa.or_(UsageCount.subject_id.in_(media), UsageCount.subject_id.in_(streams))
    else:
        matching = UsageCount.subject_id == chosen.subject_id
    return sa.not_(matching) if chosen.is_without else matching


def _streams(workspace_id: UUID) -> dict[UUID, str]:
    """The names of the workspace's live streams, by id as counts have it."""
    of_workspace = sa.select(LiveStream).where(LiveStream.workspace_id == workspace_id)
    return {UUID(stream.id): stream.name for stream in db.session.scalars(of_workspace)}
