"""The listener with real callers: who is let in and with which reason not, and that every byte of theirs arrives."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from contextlib import suppress

import pytest

from fastpix.config import srt_library
from fastpix.errors import Misconfigured
from fastpix.live import ingest
from fastpix.live.srt.library import Library
from fastpix.live.srt.listener import Limits, Listener
from fastpix.live.srt.rejection import BAD_MODE, BAD_REQUEST, CONFLICT, NOT_FOUND, OVERLOAD, SERVER_ERROR, Rejected
from fastpix.monitoring import encoder_ports
from tests.live.srt_callers import BAD_SECRET, PATIENT, UNSECURE, Caller, LossyNetwork, RejectedError

SECRET = "a passphrase of enough letters"
DATA = random.Random(7).randbytes(700 * 1316 + 376)


class Memory:
    """A sink that keeps what it gets."""

    def __init__(self, caller):
        self.caller, self.data, self.reasons = caller, b"", []

    def received(self, data):
        assert not self.reasons, "bytes after the end"
        self.data += data

    def ended(self, reason):
        self.reasons.append(reason)


class Studio:
    """A listener on a free port and the handler behind it, in a thread; `sinks` in the order of publishing."""

    def __init__(self, limits=None, *, decide=None):
        self.sinks, self.wrong, self.asked = [], [], []
        self._decide = decide
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.listener = self.run(self._open(limits or Limits()))
        self.port = self.listener.port

    async def _open(self, limits):
        listener = Listener(Library(srt_library.load()), self, limits)
        listener.open("127.0.0.1", 0)
        return listener

    async def passphrase(self, name, address):
        self.asked.append(name)
        if self._decide:
            await self._decide(name)
        if name == "taken":
            raise Rejected("Another one is sending.", CONFLICT)
        if not name.startswith("key"):
            raise Rejected("There is no such stream.", NOT_FOUND)
        return SECRET

    async def publish(self, caller, name):
        self.sinks.append(Memory(caller))
        return self.sinks[-1]

    def wrong_passphrase(self, name, address):
        self.wrong.append((name, address))

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.listener.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENT)
        self._loop.close()


@pytest.fixture
def studio():
    with Studio() as made:
        yield made


def until(look):
    end = time.monotonic() + PATIENT
    while not (found := look()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.01)
    return found


def reason_for(port, stream_id, passphrase=SECRET):
    with pytest.raises(RejectedError) as rejected:
        Caller(port, stream_id, passphrase)
    return rejected.value.reason


def test_a_caller_with_the_passphrase_is_heard_to_the_last_byte_and_leaves(studio):
    caller = Caller(studio.port, "key", SECRET)
    caller.send(DATA)
    caller.leave()
    (sink,) = studio.sinks
    until(lambda: sink.reasons)
    assert sink.data == DATA and sink.reasons == ["The encoder left."] and sink.caller.address == "127.0.0.1"


def test_the_form_of_srts_guidelines_is_taken_too(studio):
    with Caller(studio.port, "#!::r=key-1,m=publish,u=someone", SECRET):
        until(lambda: studio.sinks)
    assert studio.asked == ["key-1"]


def test_a_port_that_another_program_has_is_said_in_one_line():
    async def listen(address):
        ingest._listen_for_srt(None, address)

    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(Misconfigured, match=rf"^{address} \(UDP\) cannot be listened on: .*FASTPIX_SRT_BIND"):
            asyncio.run(listen(address))


def test_the_doctor_hears_that_it_listens(studio):
    assert encoder_ports.answers_srt(f"127.0.0.1:{studio.port}")
    assert not encoder_ports.answers_srt("127.0.0.1:9")


def test_who_may_not_publish_hears_the_reason_in_the_handshake(studio):
    assert reason_for(studio.port, "key", "another passphrase") == BAD_SECRET
    assert reason_for(studio.port, "key", "") == UNSECURE
    assert reason_for(studio.port, "nonsense") == NOT_FOUND
    assert reason_for(studio.port, "taken") == CONFLICT
    assert reason_for(studio.port, "") == BAD_REQUEST
    assert reason_for(studio.port, "#!::r=key,m=request") == BAD_MODE
    assert reason_for(studio.port, "#!::m=publish") == BAD_REQUEST
    until(lambda: len(studio.wrong) == 2)
    assert studio.wrong == [("key", "127.0.0.1")] * 2 and studio.sinks == []


def test_a_decision_that_takes_too_long_or_fails_keeps_the_caller_out():
    async def stuck(_name):
        await asyncio.sleep(60)

    async def broken(_name):
        raise RuntimeError("the database is away")

    for decide in (stuck, broken):
        with Studio(Limits(decision=0.2), decide=decide) as studio:
            assert reason_for(studio.port, "key") == SERVER_ERROR
            assert studio.sinks == []


def test_an_address_that_is_rejected_again_and_again_is_not_looked_up_for_a_while():
    with Studio(Limits(rejections=3, rejected_seconds=1.0)) as studio:
        reasons = [reason_for(studio.port, "nonsense") for _ in range(5)]
        assert reasons == [NOT_FOUND] * 3 + [OVERLOAD] * 2
        assert len(studio.asked) == 3
        assert until(lambda: _is_let_in(studio))


def _is_let_in(studio):
    try:
        with Caller(studio.port, "key", SECRET):
            return True
    except RejectedError:
        return False


def test_one_caller_too_many_is_rejected_and_there_is_room_again_when_one_left():
    with Studio(Limits(callers=2)) as studio:
        first = Caller(studio.port, "key-1", SECRET)
        with Caller(studio.port, "key-2", SECRET):
            until(lambda: len(studio.sinks) == 2)
            assert reason_for(studio.port, "key-3") == OVERLOAD
            first.leave()
            assert until(lambda: _is_let_in(studio))


def test_one_that_is_cut_off_feels_it_and_its_sink_hears_why_once(studio):
    with Caller(studio.port, "key", SECRET) as caller:
        (sink,) = until(lambda: studio.sinks)
        studio._loop.call_soon_threadsafe(sink.caller.cut, "The stream was ended.")
        with pytest.raises(ConnectionError):
            caller.send(DATA * 20)
    assert sink.reasons == ["The stream was ended."]


def test_what_comes_during_a_pause_waits(studio):
    with Caller(studio.port, "key", SECRET) as caller:
        (sink,) = until(lambda: studio.sinks)
        caller.send(DATA[:13160])
        until(lambda: len(sink.data) == 13160)
        studio._loop.call_soon_threadsafe(sink.caller.pause)
        until(lambda: not sink.caller.is_reading)
        caller.send(DATA[13160:])
        before = len(sink.data)
        studio._loop.call_soon_threadsafe(sink.caller.resume)
        until(lambda: len(sink.data) == len(DATA))
        assert before == 13160 and sink.data == DATA


def test_packets_that_are_no_srt_hurt_nobody(studio):
    chance = random.Random(3)
    with Caller(studio.port, "key", SECRET) as caller, socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", studio.port))
        for number in range(3000):
            noise = bytearray(chance.randbytes(chance.randrange(1, 1500)))
            if number % 2:  # of a handshake, to the socket that listens
                noise[:8], noise[12:16] = b"\x80\x00" + bytes(6), bytes(4)
            with suppress(ConnectionRefusedError):
                stranger.send(noise)
        caller.send(DATA)
        (sink,) = studio.sinks
        until(lambda: len(sink.data) == len(DATA))
    assert sink.data == DATA and studio.asked == ["key"]


def test_nothing_is_lost_on_a_network_that_loses_five_in_a_hundred_and_delays_by_up_to_50_milliseconds(studio):
    for _ in range(3):
        with LossyNetwork(studio.port, loss=0.05, jitter=0.05) as network:
            caller = Caller(network.port, "key", SECRET)
            caller.send(DATA, bits_a_second=3_000_000)
            caller.leave()
            sink = studio.sinks[-1]
            until(lambda sink=sink: sink.reasons)
            assert network.lost > 20
        if network.late < network.jitter:  # else a busy machine delayed the packets, and not the network
            break
    assert sink.data == DATA
