"""How long the pieces of a broadcast stay in the storage."""
# ruff: noqa: F811  # fixtures are imported by name, and named again by the tests that ask for them

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.db import db, now
from fastpix.resources.live_streams import jobs
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts import queries as broadcast_queries
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, StoredSegment
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.live_streams.viewers.models import LiveViewer
from fastpix.resources.media import storage_check
from fastpix.storage import instance as storage
from tests.doors import Doors
from tests.resources.live_streams.test_recordings import PICTURE, Air, air, sent, silent, told, work_left  # noqa: F401  # fixtures too
from tests.resources.media.test_media_on_s3 import s3  # noqa: F401  # a fixture
from tests.video.cutting import listed
from tests.working import work

pytestmark = pytest.mark.sqlite


def test_segments_go_a_while_after_the_media_has_them(world, air, sent):
    air.broadcast(sent)
    work(world)
    air.look_after()
    work(world)
    assert (air.segments(), len(air.stored())) == (4, 5), "viewers may still be watching the end"
    air.change(LiveBroadcast, LiveBroadcast.stream_id == air.id, settled_at=now() - jobs.SEGMENTS_STAY)
    air.look_after()
    assert air.row().cleared_at is not None
    work(world)
    assert (air.segments(), air.stored()) == (0, set())


def test_they_stay_while_the_media_waits_for_its_worker(world, air, sent):
    air.broadcast(sent)
    air.change(LiveBroadcast, LiveBroadcast.stream_id == air.id, settled_at=now() - timedelta(days=2))
    air.look_after()
    work(world, "storage.remove")
    assert air.segments() == 4


def test_a_broadcast_that_is_not_recorded_leaves_nothing(world, sent):
    air = Air(world.app, world.cast, enable_recording=False)
    assert air.broadcast(sent) is None
    air.change(LiveBroadcast, LiveBroadcast.stream_id == air.id, settled_at=now() - jobs.SEGMENTS_STAY)
    air.look_after()
    work(world)
    assert (air.segments(), air.stored()) == (0, set())


def test_what_is_not_recorded_goes_behind_its_window(world, sent, silent):
    air = Air(world.app, world.cast, enable_recording=False)
    admission = air.connect()
    many = broadcast_queries.WINDOW + broadcast_queries.SPARE + 9
    storage.get().write(f"{admission.folder}/init.mp4", b"init")
    for number in range(many):
        storage.get().write(f"{admission.folder}/s{number:05}.m4s", b"bytes")
    with world.session():
        finished = [StoredSegment(f"s{number:05}.m4s", 2.0, 5, now()) for number in range(many)]
        broadcasts.add_segments(admission, finished, PICTURE)
    air.look_after()
    kept = {key.rpartition("/")[2] for key in air.stored()}
    assert len(kept) == air.segments() + 1, "rows and bytes agree, and the init segment stays"
    assert f"s{many - 1:05}.m4s" in kept and "init.mp4" in kept and "s00000.m4s" not in kept
    assert broadcast_queries.WINDOW <= air.segments() <= broadcast_queries.WINDOW + broadcast_queries.SPARE + 1
    with world.session(), tenancy.everywhere("the test looks"):
        seen = broadcast_queries.window(air.row())
    assert len(seen) == broadcast_queries.WINDOW


def test_a_recorded_one_keeps_all_while_it_is_on_air(world, air, sent):
    admission = air.connect()
    with world.session():
        finished = [StoredSegment(f"s{number:05}.m4s", 2.0, 5, now()) for number in range(60)]
        broadcasts.add_segments(admission, finished, PICTURE)
    air.look_after()
    assert air.segments() == 60


def test_the_check_knows_what_is_on_air(world, air, sent):
    admission = air.connect()
    air.send(admission, sent)
    store = storage.get()
    for name in (f"live-{admission.connection_id}", f"live-{admission.connection_id}-parcel", f"live-{uuid.uuid4()}"):
        (store.work_folder(name) / "s00009.m4s").write_bytes(b"half")
    stray = f"{air.row().folder.rpartition('/')[0]}/{uuid.uuid4()}/s00000.m4s"
    store.write(stray, b"of nothing")

    def orphans():
        with world.session():
            return {orphan.key for orphan in storage_check.orphans(timedelta(0))}

    found = orphans()
    assert not found & air.stored()
    assert stray in found
    assert len({key for key in found if key.startswith(".work/live-")}) == 1
    air.leave(admission)
    found = orphans()
    assert not found & air.stored(), "the encoder may come back"
    assert len({key for key in found if key.startswith(".work/live-")}) == 3
    air.change(LiveBroadcast, LiveBroadcast.stream_id == air.id, cleared_at=now())
    assert air.stored() <= orphans()
    air.change(LiveBroadcast, LiveBroadcast.stream_id == air.id, cleared_at=None)
    elsewhere = air.row().folder.replace(str(world.cast.acme.id), str(world.cast.rival.id))
    store.write(f"{elsewhere}/{admission.connection_id}/s00000.m4s", b"in another house")
    assert f"{elsewhere}/{admission.connection_id}/s00000.m4s" in orphans()
    for orphan in found:
        store.delete_leftover(orphan) if orphan.startswith(".") else store.delete(orphan)
    store.delete_folder(elsewhere)


@pytest.mark.parametrize("whole", ["workspace", "organization"])
def test_what_goes_with_its_house_takes_the_bytes_of_its_broadcasts_along(world, air, ada, sent, whole):
    air.broadcast(sent)
    admission = air.connect()
    air.send(admission, sent)
    folder = air.row().folder
    assert len(air.stored()) == 5
    if whole == "workspace":
        ada.page.post(f"/o/acme/workspaces/{world.cast.acme.workspace}/delete", {"name": "production"})
    else:
        ada.page.post("/o/acme/settings/delete", {"name": "Acme"})
    with world.session(), tenancy.everywhere("the test looks"):
        assert db.session.scalar(sa.select(LiveStream.id).where(LiveStream.id == air.id)) is None
    work(world)
    assert not list(storage.get().list(folder.rpartition("/")[0]))


def test_an_idle_instance_takes_no_lock_of_the_database(world, air, sent):
    """Somebody else writes all the while: who only looks does not wait."""
    air.look_after()
    air.change(LiveViewer, sa.true(), seen_at=now())
    with closing(sqlite3.connect(world.engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        air.look_after()  # would fail after ten seconds
        other.execute("ROLLBACK")


def test_an_encoder_whose_ingest_came_to_itself_stays(world, air, sent, monkeypatch):
    admission = air.connect()
    air.send(admission, sent)
    mine = LiveConnection.id == admission.connection_id
    air.change(LiveConnection, mine, lease_until=now() - timedelta(seconds=1))
    found = jobs._abandoned

    def abandoned():
        stale = found()
        air.change(LiveConnection, mine, lease_until=now() + connections.LEASE)
        return stale

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "_abandoned", abandoned)
        air.look_after()
    with world.session(), tenancy.everywhere("the test looks"):
        assert db.session.scalar(sa.select(LiveConnection.ended_at).where(mine)) is None
    air.change(LiveConnection, mine, lease_until=now() - timedelta(seconds=1))
    air.look_after()
    air.change(LiveStream, LiveStream.id == air.id, disconnected_at=now() - timedelta(hours=1))
    air.look_after()
    assert air.row().media_id is not None, "the window was over: it was recorded"


def test_with_the_bytes_in_a_bucket_it_is_the_same(s3, sent):  # the fixture
    air = Air(s3.app, s3.cast)
    media_id = air.broadcast(sent, sent)
    storage.get().delete(sorted(key for key in air.stored() if key.endswith("s00001.m4s"))[0])
    work(s3)
    api = Doors(s3.app, s3.cast.people["ada"]).api_with("admin")
    ready = told(api, media_id)
    assert ready["status"] == "Ready"
    assert float(ready["duration"]) == pytest.approx(2 * sum(listed(sent)) - 2, abs=0.5)
    assert not work_left()
    air.change(LiveBroadcast, LiveBroadcast.stream_id == air.id, settled_at=now() - jobs.SEGMENTS_STAY)
    air.look_after()
    work(s3)
    assert not air.stored()
    assert principal.current() is principal.NOBODY
