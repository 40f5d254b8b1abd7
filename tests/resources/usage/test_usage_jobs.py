"""What the worker makes of the counts: days of workspaces, hours put together, old days forgotten."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now, transaction
from fastpix.resources.media.models import Media
from fastpix.resources.members import domain as members
from fastpix.resources.usage import domain, jobs, queries
from fastpix.resources.usage.domain import Sum
from fastpix.resources.usage.models import DAY, HOUR, UsageCount, UsageDay

pytestmark = pytest.mark.sql("sums of days by upserts")

WHY = "a test looks at it, whoever it belongs to"


def put(world, house, subject_id, at, span=HOUR, **amounts):
    with world.session(), tenancy.everywhere(WHY), transaction():
        domain.put([Sum(subject_id, house.workspace, house.id, **amounts)], span, at)


def day_of(world, house, ago=0):
    with world.session() as session, tenancy.everywhere(WHY):
        where = (UsageDay.workspace_id == house.workspace, UsageDay.day == now().date() - timedelta(days=ago))
        return session.scalar(sa.select(UsageDay).where(*where))


def counts_of(world, subject_id):
    with world.session() as session, tenancy.everywhere(WHY):
        rows = session.scalars(sa.select(UsageCount).where(UsageCount.subject_id == subject_id).order_by(UsageCount.at))
        return [(row.span, row.at, row.starts, row.pieces, row.seconds) for row in rows]


def test_every_workspace_is_measured_with_what_it_holds(world, cast):
    with world.session() as session, tenancy.everywhere(WHY):
        sizes = session.execute(
            sa.select(sa.func.sum(Media.size), sa.func.count()).where(Media.workspace_id == cast.acme.workspace)
        ).one()
    with world.session():
        jobs.measure()
        jobs.measure()
    row = day_of(world, cast.acme)
    assert (row.stored_bytes, row.media) == tuple(sizes)
    assert row.stored_seconds == pytest.approx(10.01)
    with world.session() as session, tenancy.everywhere(WHY):
        empty = session.scalar(sa.select(UsageDay).where(UsageDay.workspace_id == cast.acme.workspaces["development"]))
    assert (empty.stored_bytes, empty.media) == (0, 0), "nothing is a measure too"
    assert (row.views, row.seconds) == (2, 18.0), "what was delivered stays"


def test_a_days_views_are_set_however_often_they_are_added_up(world, cast):
    put(world, cast.acme, uuid4(), domain.hour_of(now()), starts=5, pieces=9, seconds=60.0)
    put(world, cast.acme, uuid4(), domain.hour_of(now()), starts=100, pieces=1, seconds=6.0)
    put(
        world,
        cast.acme,
        uuid4(),
        domain.beginning(now().date()) - timedelta(hours=1),
        starts=1,
        pieces=1,
        seconds=2.0,
    )
    for _ in range(2):
        with world.session():
            jobs.add_up()
    row, before = day_of(world, cast.acme), day_of(world, cast.acme, 1)
    assert (row.views, row.seconds) == (2 + 5 + 1, 18.0 + 66.0)
    assert (before.views, before.seconds, before.stored_bytes) == (1, 2.0, None)
    assert row.stored_bytes == 3000, "what was measured stays"


def test_hours_of_long_ago_become_days(world, cast, monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    film, begin = uuid4(), domain.beginning(now().date() - timedelta(days=20))
    for hour in range(5):
        put(world, cast.acme, film, begin + timedelta(hours=hour), starts=9, pieces=hour, seconds=10.0)
    young = domain.hour_of(now()) - timedelta(days=7)
    put(world, cast.acme, film, young, starts=1, pieces=1, seconds=1.0)
    old = domain.beginning(now().date()) - jobs.DAYS_KEPT - timedelta(days=2)
    put(world, cast.acme, film, old, DAY, starts=1, pieces=1, seconds=1.0)
    with world.session():
        jobs.roll()
        jobs.roll()
    assert counts_of(world, film) == [
        (DAY, begin, 0 + 1 + 2 + 3 + 4, 10, 50.0),  # an hour's views are not more than its pieces, nor are the day's
        (HOUR, young, 1, 1, 1.0),
    ]


def test_a_media_tells_hours_and_days_alike(world, cast, acting):
    media = cast.acme.shelf.media
    put(
        world,
        cast.acme,
        media,
        domain.beginning(now().date() - timedelta(days=9)),
        DAY,
        starts=4,
        pieces=9,
        seconds=5.0,
    )
    with acting("mel"):
        days = queries.of_media(media, 10)
    assert [day.views for day in days] == [4, *[0] * 8, 2]
    assert (days[0].seconds, days[-1].seconds) == (5.0, 18.0)


def test_a_day_without_a_measure_holds_what_the_last_one_did(world, cast, acting):
    with world.session(), tenancy.everywhere(WHY), transaction():
        told = {"workspace_id": cast.acme.workspace, "organization_id": cast.acme.id}
        for ago, held in ((20, 700), (3, None)):
            row = UsageDay(**told, day=now().date() - timedelta(days=ago), stored_bytes=held, views=ago, seconds=1.0)
            db.session.add(row)
    with acting("mel"):
        period = queries.history(8)
    assert [day.stored_bytes for day in period.days] == [*[700] * 7, 3010], "and today what there is now"
    assert [day.views for day in period.days] == [0, 0, 0, 0, 3, 0, 0, 2]
    assert (period.total.views, period.total.stored_bytes) == (5, 3010)


@pytest.mark.sqlite
def test_usage_is_within_the_workspaces_one_may_enter(world, cast, acting):
    """Mel may enter some; what the others hold is in no sum."""
    with acting("ada"):
        members.edit(cast.acme.members["mel"], workspace_access=[cast.acme.workspaces["development"]])
    with acting("mel"):
        period = queries.history(30)
    assert period.total.stored_bytes == 0 and period.total.views == 0
    assert "production" not in [name for _, name, _ in period.workspaces]
