"""What an earlier run of ingest left: brought in, or set aside; and never a reason not to start."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.config import instance_lock
from fastpix.errors import Misconfigured
from fastpix.live import ingest, publishers, segment_files, segment_spool
from fastpix.live.broadcast import Broadcast
from fastpix.live.publishers import Publishers
from fastpix.live.segment_files import Append
from fastpix.processes import programs
from fastpix.resources.live_streams.broadcasts.models import LiveSegment
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections import queries as connection_queries
from fastpix.resources.live_streams.connections.domain import NotAdmitted
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.live_streams.models import LiveLogLine, LiveStream
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.storage import instance as storage
from fastpix.storage.local import LocalStorage
from tests.live.fmp4.muxing import AAC, X264, film, is_config, made, muxer
from tests.running.frames import tags
from tests.world import test_settings as settings_for

OWNER = "this ingest"
PATIENT = 30  # seconds: a deadline, not a pause


@pytest.fixture(autouse=True)
def own_storage(world, tmp_path):
    """What these tests leave lies in no other test's way."""
    world.instance.put(storage.of, LocalStorage(tmp_path))


def admitted(world, key):
    with world.session():
        return connections.admit(key, "192.0.2.9", OWNER, "own")


def rows(world, model, *where):
    with world.session() as session, tenancy.everywhere("the test looks at what ingest wrote"):
        return session.scalars(sa.select(model).where(*where)).all()


def test_emptied_files_are_set_aside_and_what_is_stored_stays(world, executor, key):
    """What a power failure leaves: it must neither keep ingest from starting nor replace what is good."""
    admission = admitted(world, key)
    init = f"{admission.folder}/init.mp4"
    storage.get().write(init, b"what begins the segments that are stored")
    spool = segment_spool.open_spool(admission.connection_id, admission.folder)
    for name in ("init.mp4", "s00009.m4s"):
        (spool.folder / name).touch()
    asyncio.run(ingest._recover(executor, OWNER))
    assert storage.get().read_bytes(init) == b"what begins the segments that are stored"
    (connection,) = rows(world, LiveConnection, LiveConnection.id == admission.connection_id)
    assert connection.ended_at is not None
    assert rows(world, LiveSegment, LiveSegment.connection_id == admission.connection_id) == []
    (stream,) = rows(world, LiveStream, LiveStream.id == admission.stream_id)
    assert (stream.status, stream.connection_id) == ("idle", None)


def test_a_segment_that_was_being_written_is_brought_in_up_to_where_it_was(world, executor, key, tmp_path):
    sent = tags(made(tmp_path / "clip.flv", *film(5), *X264, "-g", "60", *AAC))
    admission = admitted(world, key)
    spool = segment_spool.open_spool(admission.connection_id, admission.folder)
    ours = muxer(sent)
    for tag in sent:
        if not is_config(tag) and tag[1] < 3500:
            ours.take(*tag)
    segment_files.apply(Append(spool.folder, write) for write in ours.flush())
    with (spool.folder / f"s00001.m4s{segment_files.OPEN}").open("ab") as file:
        file.write(b"\0\0\1\0moofhalf of one")
    asyncio.run(ingest._recover(executor, OWNER))
    written = rows(world, LiveSegment, LiveSegment.connection_id == admission.connection_id)
    assert [(each.name, each.frames) for each in written] == [("s00000.m4s", 60), ("s00001.m4s", 44)]
    assert not spool.folder.exists()


def test_trouble_with_one_folder_does_not_keep_the_door_shut(world, executor, key, monkeypatch):
    admission = admitted(world, key)
    segment_spool.open_spool(admission.connection_id, admission.folder)

    def broken(*_args):
        raise OSError("the bucket is away")

    monkeypatch.setattr(segment_spool, "recover", broken)
    asyncio.run(ingest._recover(executor, OWNER))
    (connection,) = rows(world, LiveConnection, LiveConnection.id == admission.connection_id)
    assert connection.ended_at is not None


class Encoder:
    """A source that only remembers that it was cut."""

    def __init__(self):
        self.reasons = []

    def cut(self, reason, message=""):
        self.reasons.append(reason)

    def pause(self):
        pass

    resume = pause


def test_a_broadcast_that_cannot_begin_gives_the_stream_back(world, executor, key, monkeypatch):
    def full(*_args):
        raise OSError("No space left on device")

    async def publish():
        registry = Publishers(executor, OWNER, 1, allow_private=False)
        broadcast = await registry.admit(key, "192.0.2.9", Encoder(), "own")
        with monkeypatch.context() as patched, pytest.raises(OSError, match="space"):
            patched.setattr(segment_spool, "open_spool", full)
            await broadcast.start()
        await broadcast.finished()
        assert isinstance(await registry.admit(key, "192.0.2.9", Encoder(), "own"), Broadcast)

    asyncio.run(publish())


def test_encoders_that_come_together_do_not_exceed_the_limit_and_are_told_why(world, executor, cast, acting):
    from fastpix.resources.live_streams import domain

    with acting("ada"):
        made = [domain.create(cast.acme.workspace, StreamOptions()) for _ in range(5)]

    async def publish():
        registry = Publishers(executor, OWNER, 2, allow_private=False)
        comings = [registry.admit(each["stream_key"], "192.0.2.9", Encoder(), "own") for each in made]
        return await asyncio.gather(*comings, return_exceptions=True)

    outcomes = asyncio.run(publish())
    assert sum(isinstance(each, Broadcast) for each in outcomes) <= 2
    refused = [each for each in outcomes if isinstance(each, NotAdmitted)]
    assert len(refused) >= 3 and {str(each) for each in refused} == {publishers.FULL}
    lines = rows(world, LiveLogLine, LiveLogLine.refused != "")
    assert {line.stream_id for line in lines} == {each.stream_id for each in refused}


def test_wrong_keys_cost_no_write_after_the_first(world, executor, key, monkeypatch):
    writes = []
    real = connections.log_refusal
    monkeypatch.setattr(connections, "log_refusal", lambda *given: (writes.append(given), real(*given)))
    wrong = "0" * 32 + key[32:]

    async def knock():
        registry = Publishers(executor, OWNER, 5, allow_private=False)
        for _ in range(20):
            with pytest.raises(NotAdmitted):
                await registry.admit(wrong, "192.0.2.9", Encoder(), "own")

    asyncio.run(knock())
    assert len(writes) == 1


def test_a_broadcast_whose_folder_was_removed_ends_all_the_same(world, executor, key):
    async def publish():
        registry = Publishers(executor, OWNER, 1, allow_private=False)
        broadcast = await registry.admit(key, "192.0.2.9", Encoder(), "own")
        await broadcast.start()
        segment_spool.open_spool(broadcast.admission.connection_id, broadcast.admission.folder).remove()
        broadcast.ended("")
        await asyncio.wait_for(broadcast.finished(), PATIENT)

    asyncio.run(publish())
    (connection,) = rows(world, LiveConnection, LiveConnection.owner == OWNER)
    assert connection.ended_at is not None


def test_a_second_ingest_takes_nothing_up(tmp_path, monkeypatch):
    """What is on air would look to it like what a dead one left."""
    monkeypatch.setattr(instance_lock, "ENDING_SECONDS", 0)
    monkeypatch.setattr(ingest, "run", lambda *_given: pytest.fail("it began"))
    with instance_lock.only_ingest(tmp_path), pytest.raises(Misconfigured, match=f"process {os.getpid()}"):
        programs.live(settings_for(tmp_path))


def test_an_ingest_waits_for_one_that_is_ending(tmp_path):
    with ThreadPoolExecutor(1) as other:
        with instance_lock.only_ingest(tmp_path):
            begun = other.submit(lambda: instance_lock.only_ingest(tmp_path).__enter__() is None)
            with pytest.raises(TimeoutError):
                begun.result(0.3)
        assert begun.result(10)
    instance_lock.let_go()


def test_without_a_database_an_ingest_waits_and_does_not_end(world, executor, monkeypatch):
    tries = []

    def away(owner):
        tries.append(owner)
        if len(tries) < 3:
            raise sa.exc.OperationalError("", {}, OSError("the database is away"))
        return []

    monkeypatch.setattr(connection_queries, "left_open", away)
    monkeypatch.setattr(ingest, "CHECK_SECONDS", 0.01)

    async def begin():
        await ingest._wait_for_database(executor, OWNER, asyncio.Event())

    asyncio.run(begin())
    assert tries == [OWNER] * 3
