"""What an earlier run of ingest left: brought in, or set aside; and never a reason not to start."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from fastpix import instance_lock, programs
from fastpix.access import tenancy
from fastpix.errors import Misconfigured
from fastpix.live import ingest, reception, shelf
from fastpix.live.broadcast import Broadcast
from fastpix.live.clerk import Clerk
from fastpix.live.reception import Reception
from fastpix.resources.live_streams import lifecycle, recovery
from fastpix.resources.live_streams.lifecycle import NotAdmitted
from fastpix.resources.live_streams.models import LiveConnection, LiveLogLine, LiveSegment, LiveStream
from fastpix.storage import instance as storage
from fastpix.storage.local import LocalStorage
from tests.world import test_settings as settings_for

OWNER = "this ingest"


@pytest.fixture(autouse=True)
def own_storage(world, tmp_path):
    """What these tests leave lies in no other test's way."""
    storage.configure(LocalStorage(tmp_path))


@pytest.fixture
def clerk(world):
    made = Clerk(world.app)
    yield made
    made.close()


@pytest.fixture
def key(world):
    return world.cast.acme.shelf.stream_secrets["stream_key"]


def admitted(world, key):
    with world.session():
        return lifecycle.admit(key, "192.0.2.9", OWNER, "own")


def rows(world, model, *where):
    with world.session() as session, tenancy.everywhere("the test looks at what ingest wrote"):
        return session.scalars(sa.select(model).where(*where)).all()


def test_emptied_files_are_set_aside_and_what_is_stored_stays(world, clerk, key):
    """What a power failure leaves: it must neither keep ingest from starting nor replace what is good."""
    admission = admitted(world, key)
    init = f"{admission.folder}/init.mp4"
    storage.get().write(init, b"what begins the pieces that are stored")
    place = shelf.open_shelf(admission.connection_id, admission.folder)
    for name in ("init.mp4", "s00009.m4s"):
        (place.folder / name).touch()
    asyncio.run(ingest._take_up(clerk, OWNER))
    assert storage.get().read_bytes(init) == b"what begins the pieces that are stored"
    (connection,) = rows(world, LiveConnection, LiveConnection.id == admission.connection_id)
    assert connection.ended_at is not None
    assert rows(world, LiveSegment, LiveSegment.connection_id == admission.connection_id) == []
    (stream,) = rows(world, LiveStream, LiveStream.id == admission.stream_id)
    assert (stream.status, stream.connection_id) == ("idle", None)


def test_trouble_with_one_folder_does_not_keep_the_door_shut(world, clerk, key, monkeypatch):
    admission = admitted(world, key)
    shelf.open_shelf(admission.connection_id, admission.folder)

    def broken(*_args):
        raise OSError("the bucket is away")

    monkeypatch.setattr(shelf, "take_up", broken)
    asyncio.run(ingest._take_up(clerk, OWNER))
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


def test_a_broadcast_that_cannot_begin_gives_the_stream_back(world, clerk, key, monkeypatch):
    def full(*_args):
        raise OSError("No space left on device")

    async def publish():
        desk = Reception(clerk, OWNER, 1, allow_private=False)
        broadcast = await desk.admit(key, "192.0.2.9", Encoder(), "own")
        with monkeypatch.context() as patched, pytest.raises(OSError, match="space"):
            patched.setattr(shelf, "open_shelf", full)
            await broadcast.start(["true"])
        await broadcast.finished()
        assert isinstance(await desk.admit(key, "192.0.2.9", Encoder(), "own"), Broadcast)

    asyncio.run(publish())


def test_encoders_that_come_together_do_not_exceed_the_limit_and_are_told_why(world, clerk, cast, acting):
    from fastpix.resources.live_streams import domain

    with acting("ada"):
        made = [domain.create(cast.acme.workspace, domain.Wanted()) for _ in range(5)]

    async def publish():
        desk = Reception(clerk, OWNER, 2, allow_private=False)
        comings = [desk.admit(each["stream_key"], "192.0.2.9", Encoder(), "own") for each in made]
        return await asyncio.gather(*comings, return_exceptions=True)

    found = asyncio.run(publish())
    assert sum(isinstance(each, Broadcast) for each in found) <= 2
    refused = [each for each in found if isinstance(each, NotAdmitted)]
    assert len(refused) >= 3 and {str(each) for each in refused} == {reception.FULL}
    told = rows(world, LiveLogLine, LiveLogLine.refused != "")
    assert {line.stream_id for line in told} == {each.stream_id for each in refused}


def test_wrong_keys_cost_no_write_after_the_first(world, clerk, key, monkeypatch):
    writes = []
    real = lifecycle.refuse
    monkeypatch.setattr(lifecycle, "refuse", lambda *given: (writes.append(given), real(*given)))
    wrong = "0" * 32 + key[32:]

    async def knock():
        desk = Reception(clerk, OWNER, 5, allow_private=False)
        for _ in range(20):
            with pytest.raises(NotAdmitted):
                await desk.admit(wrong, "192.0.2.9", Encoder(), "own")

    asyncio.run(knock())
    assert len(writes) == 1


def test_another_picture_in_the_middle_is_another_connection(clerk, world, key):
    first, second = b"\x17\x00\x00\x00\x00first", b"\x17\x00\x00\x00\x00second"

    async def publish():
        desk = Reception(clerk, OWNER, 5, allow_private=False)
        encoder = Encoder()
        broadcast = await desk.admit(key, "192.0.2.9", encoder, "own")
        broadcast._packager = type("Nothing", (), {"feed": lambda *_args: None})()
        broadcast.media(9, 0, first)
        broadcast.media(9, 40, first)
        assert encoder.reasons == []
        broadcast.media(9, 80, second)
        return encoder.reasons

    assert "changed its picture" in asyncio.run(publish())[0]


def test_a_broadcast_whose_folder_was_removed_ends_all_the_same(world, clerk, key):
    async def publish():
        desk = Reception(clerk, OWNER, 1, allow_private=False)
        broadcast = await desk.admit(key, "192.0.2.9", Encoder(), "own")
        place = shelf.open_shelf(broadcast.admission.connection_id, broadcast.admission.folder)
        place.remove()
        await asyncio.wait_for(broadcast._close(place), 10)

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


def test_without_a_database_an_ingest_waits_and_does_not_end(world, clerk, monkeypatch):
    tries = []

    def away(owner):
        tries.append(owner)
        if len(tries) < 3:
            raise sa.exc.OperationalError("", {}, OSError("the database is away"))
        return []

    monkeypatch.setattr(recovery, "left_open", away)
    monkeypatch.setattr(ingest, "EVERY_SECONDS", 0.01)

    async def begin():
        await ingest._until_the_database_answers(clerk, OWNER, asyncio.Event())

    asyncio.run(begin())
    assert tries == [OWNER] * 3
