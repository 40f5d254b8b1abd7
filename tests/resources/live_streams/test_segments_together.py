"""The segments of all streams of a moment in one transaction: each in its place, and one that cannot be written harms no other."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from fastpix.db import now
from fastpix.live.executor import Executor
from fastpix.resources.live_streams import domain
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import NewSegments, StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.models import IngestRate
from fastpix.resources.live_streams.models import ACTIVE
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.live_streams.simulcasts import queries as simulcast_queries
from tests.resources.live_streams.test_live_streams import PICTURE, Studio
from tests.stories.tables import change, rows

SMALL = VideoInfo("avc1.64000c", 320, 180)


@pytest.fixture
def studios(world, acting, cast):
    """Streams of two organizations, each with an encoder: `(studio, admission)`."""
    made = []
    for who, house in (("ada", cast.acme), ("rex", cast.rival), ("ada", cast.acme)):
        with acting(who):
            studio = Studio(world, domain.create(house.workspace, StreamOptions()))
        made.append((studio, studio.admit()))
    return made


@pytest.fixture
def executor(world):
    made = Executor(world.app)
    yield made
    made.close()


def new(admission, first=0, count=1, video=PICTURE, size=1000):
    told = [StoredSegment(f"s{first + n:05}.m4s", 2.0 + n, size, now(), 60) for n in range(count)]
    return NewSegments(admission, told, video)


def together(world, *given):
    with world.session():
        return broadcasts.add_all(given)


def written(world, admission):
    """Position, part, name and organization of the segments of a broadcast."""
    found = rows(world, "live_segments", broadcast_id=admission.broadcast_id)
    columns = ("position", "part", "name", "organization_id")
    return [tuple(row[name] for name in columns) for row in sorted(found, key=lambda row: row["position"])]


def test_each_stream_grows_by_its_own_and_goes_on_air(world, studios):
    (one, a), (two, b), _ = studios
    assert together(world, new(a, count=2), new(b, video=SMALL)) == [True, True]
    assert together(world, new(b, 1, video=SMALL), new(a, 2)) == [True, True]
    acme, rival = a.organization_id, b.organization_id
    assert acme != rival
    assert written(world, a) == [(1, 1, "s00000.m4s", acme), (2, 1, "s00001.m4s", acme), (3, 1, "s00002.m4s", acme)]
    assert written(world, b) == [(1, 1, "s00000.m4s", rival), (2, 1, "s00001.m4s", rival)]
    (first,), (second,) = one.broadcasts, two.broadcasts
    told = ("position", "part", "seconds", "longest", "codecs", "width")
    assert [first[name] for name in told] == [3, 1, 7.0, 3.0, PICTURE.codecs, 1280]
    assert [second[name] for name in told] == [2, 1, 4.0, 2.0, SMALL.codecs, 320]
    assert one.status == two.status == ACTIVE
    assert "On air, 1280 × 720." in one.log and "On air, 320 × 180." in two.log


def test_what_comes_too_late_is_told_and_the_others_are_written(world, studios):
    (one, a), (_, b), _ = studios
    change(world, "live_broadcasts", {"id": a.broadcast_id}, settled_at=now())
    assert together(world, new(a), new(b)) == [False, True]
    assert written(world, a) == [] and len(written(world, b)) == 1 and one.status != ACTIVE


def test_another_connection_is_another_part_also_within_one_look(world, studios):
    (_, a), *_ = studios
    with world.session():
        after = connections.go_on(a)
    assert together(world, new(a, count=2), new(after, video=SMALL)) == [True, True]
    assert [row[:2] for row in written(world, a)] == [(1, 1), (2, 1), (3, 2)]


def test_streams_that_are_put_in_at_a_time_are_one_transaction(world, studios, executor):
    commits = []
    note = commits.append

    async def put():
        return await asyncio.gather(*(executor.segments.put(new(admission)) for _, admission in studios))

    sa.event.listen(world.engine, "commit", note)
    try:
        assert asyncio.run(put()) == [True] * 3
    finally:
        sa.event.remove(world.engine, "commit", note)
    assert len(commits) == 1 and all(len(written(world, admission)) == 1 for _, admission in studios)


def test_one_that_cannot_be_written_harms_no_other(world, studios, executor):
    (_, a), (_, b), (_, c) = studios
    asked = (new(a), new(b, size=None), new(c))

    async def put():
        return await asyncio.gather(*map(executor.segments.put, asked), return_exceptions=True)

    first, second, third = asyncio.run(put())
    assert (first, third) == (True, True) and isinstance(second, sa.exc.IntegrityError)
    assert [len(written(world, admission)) for admission in (a, b, c)] == [1, 0, 1]


def test_leases_of_all_are_kept_at_once(world, studios):
    (_, a), (_, b), (_, c) = studios
    change(world, "live_streams", {"id": c.stream_id}, connection_id=None)
    rates = {each.connection_id: IngestRate(number, number * 10) for number, each in enumerate((a, b, c), 1)}
    with world.session():
        assert connections.renew("one", rates) == {a.connection_id, b.connection_id}
    found = [rows(world, "live_connections", id=each.connection_id)[0] for each in (a, b, c)]
    assert [(row["bit_rate"], row["bytes_received"]) for row in found] == [(1, 10), (2, 20), (3, 30)]


def test_where_streams_are_pushed_to_is_asked_for_all_organizations_at_once(world, studios):
    ids = [studio.id for studio, _ in studios]
    with world.session():
        assert simulcast_queries.targets(ids) == {each: [] for each in ids}
