"""Who may call by SRT, as the handshake asks it: nothing is taken, and every refusal has its reason and its row."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest

from fastpix.access import tenancy
from fastpix.config import srt_library
from fastpix.errors import StorageFailed
from fastpix.live import ingest, publishers
from fastpix.live.publishers import Publishers
from fastpix.live.srt import rejection
from fastpix.live.srt.rejection import Rejected
from fastpix.live.srt_calls import Calls
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.models import DISABLED, IDLE, LiveStream
from fastpix.storage import room
from tests.live.test_ingest_recovery import Encoder
from tests.stories.tables import rows as table

OWNER, ADDRESS = "this ingest", "192.0.2.9"


@pytest.fixture
def secrets(world):
    return world.cast.acme.shelf.stream_secrets


@contextmanager
def rejected(reason):
    with pytest.raises(Rejected) as problem:
        yield
    assert problem.value.reason == reason


def asked(executor, most, steps):
    """Run `steps(calls, publishers)` in a loop, and what it left to do."""

    async def run():
        registry = Publishers(executor, OWNER, most, allow_private=False)
        calls = Calls(registry)
        await steps(calls, registry)
        await asyncio.gather(*calls._reports)

    asyncio.run(run())


def put_status(world, stream_id, status):
    with world.session() as session, tenancy.everywhere("the test puts the stream into a state"):
        session.get(LiveStream, stream_id).status = status
        session.commit()


def refusals(world):
    found = table(world, "audit_log", action="live_streams.publish", result="refused")
    return [row["after"]["reason"][:24] for row in found]


def test_the_passphrase_is_the_streams_and_asking_takes_nothing(world, executor, secrets):
    async def steps(calls, _registry):
        for _ in range(2):
            assert await calls.passphrase(secrets["stream_key"], ADDRESS) == secrets["srt_secret"]

    asked(executor, 1, steps)
    (stream,) = [row for row in table(world, "live_streams") if row["id"] == world.cast.acme.shelf.stream]
    assert stream["status"] == IDLE and stream["connection_id"] is None


def test_each_refusal_has_its_reason_and_is_written_down(world, executor, secrets):
    key = secrets["stream_key"]
    wrong = "0" * 32 + key[32:]

    async def unknown(calls, _registry):
        for name in (wrong, "nonsense", "0" * 32 + "k" + "0" * 32):
            with rejected(rejection.NOT_FOUND):
                await calls.passphrase(name, ADDRESS)
        calls.wrong_passphrase(key, ADDRESS)

    async def disabled(calls, _registry):
        with rejected(rejection.FORBIDDEN):
            await calls.passphrase(key, ADDRESS)

    async def taken(calls, _registry):
        with rejected(rejection.CONFLICT):
            await calls.passphrase(key, ADDRESS)

    asked(executor, 5, unknown)
    put_status(world, world.cast.acme.shelf.stream, DISABLED)
    asked(executor, 5, disabled)
    put_status(world, world.cast.acme.shelf.stream, IDLE)
    with world.session():
        connections.admit(key, ADDRESS, OWNER, "own")
    asked(executor, 5, taken)
    reasons = [
        "Another encoder is sendi",
        "Its SRT passphrase is wr",
        "There is no stream with ",
        "This stream is disabled.",
    ]
    assert sorted(refusals(world)) == reasons


def test_without_room_nobody_is_asked_for_a_passphrase(executor, secrets, monkeypatch):
    def full():
        raise StorageFailed("The disk is full.")

    async def no_place(calls, _registry):
        with rejected(rejection.OVERLOAD):
            await calls.passphrase(secrets["stream_key"], ADDRESS)

    async def no_space(calls, _registry):
        with rejected(rejection.NO_ROOM):
            await calls.passphrase(secrets["stream_key"], ADDRESS)

    asked(executor, 0, no_place)
    monkeypatch.setattr(room, "check_work", full)
    asked(executor, 1, no_space)


def test_an_encoder_that_fell_silent_makes_way_for_a_caller(executor, secrets, monkeypatch):
    key = secrets["stream_key"]

    async def steps(calls, registry):
        await registry.admit(key, ADDRESS, Encoder(), "own")
        with rejected(rejection.CONFLICT):
            await calls.passphrase(key, ADDRESS)
        monkeypatch.setattr(publishers, "SILENCE_SECONDS", -1)
        assert await calls.passphrase(key, ADDRESS) == secrets["srt_secret"]

    asked(executor, 2, steps)


def test_without_libsrt_ingest_says_so_and_goes_on(caplog, monkeypatch):
    monkeypatch.setattr(srt_library, "load", lambda: None)
    with caplog.at_level("INFO"):
        assert ingest._listen_for_srt(None, "127.0.0.1:1945") is None
    assert "apt-get install libsrt1.5-openssl" in caplog.text
