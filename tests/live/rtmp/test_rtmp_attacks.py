"""What strangers send to the listener, and that nobody who broadcasts feels it."""

from __future__ import annotations

import logging
import os
import random
import time
from itertools import pairwise

import pytest

from fastpix.live.rtmp import amf
from fastpix.live.rtmp.chunks import ChunkWriter
from fastpix.live.rtmp.messages import ABORT, COMMAND, PING, SET_CHUNK_SIZE, Message, control, event
from fastpix.live.rtmp.session import Limits
from tests.live.encoders import (
    CONNECT,
    KEY,
    PUBLISH,
    Broadcast,
    chunks,
    command,
    connection,
    encoder,
    greeted,
    is_closed,
    said,
)
from tests.running.server import eventually

HELLO = b"\x03" + bytes(1536) + bytes(1536)  # whoever does not wait for the answer
TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(200)
SOUND = Message(8, 1, 0, b"\xaf\x01sound")


def message_header(channel, length, kind=9):
    return bytes((channel,)) + bytes(3) + length.to_bytes(3, "big") + bytes((kind, 1, 0, 0, 0))


def half_messages(count):
    """Messages that are begun and not ended, on channels with numbers of one and two bytes."""
    numbers = [bytes((each,)) if each < 64 else bytes((0, each - 64)) for each in range(3, 3 + count)]
    return b"".join(number + message_header(0, 200)[1:] + bytes(128) for number in numbers)


def long_chunks(size):
    return chunks(control(SET_CHUNK_SIZE, size), channel=2)


BEFORE_THE_HANDSHAKE = {
    "random bytes": b"\x42" + os.urandom(4000),
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a TLS hello": TLS_HELLO,
    "version 6": b"\x06" + bytes(1536),
    "zeros": bytes(4000),
    "one wrong byte": b"\x04",
}
BEHIND_THE_HANDSHAKE = {
    "random bytes": bytes((0x86,)) + os.urandom(8000),
    "16 MB announced": message_header(6, 0xFFFFFF),
    "a long message of somebody unknown": message_header(6, 1_000_000),
    "60 half messages": half_messages(60),
    "many half messages of the longest kind": b"".join(
        message_header(each, 260_000) + bytes(128) for each in range(3, 9)
    ),
    "an empty command": message_header(3, 0, COMMAND),
    "a flood of empty messages": message_header(3, 0, 99) + b"\xc3" * 5000,
    "a command of 30 objects in each other": chunks(
        Message(COMMAND, 0, 0, amf.encode("connect", 1) + b"\x03\x00\x01a" * 30)
    ),
    "a command that is a number": command(1, 2, 3),
    "a text that is cut off": chunks(Message(COMMAND, 0, 0, b"\x02\xff\xffconnect")),
    "an array of four billion": chunks(Message(COMMAND, 0, 0, amf.encode("connect", 1) + b"\x0a\xff\xff\xff\xff")),
    "an ECMA array of four billion": chunks(Message(COMMAND, 0, 0, amf.encode("connect", 1) + b"\x08\xff\xff\xff\xff")),
    "a text that is not UTF-8": chunks(Message(COMMAND, 0, 0, b"\x02\x00\x04\xff\xfe\xfd\xfc")),
    "chunks of no byte": long_chunks(0),
    "chunks of 2 GB": long_chunks(2**31 - 1),
    "a chunk size of one byte": chunks(Message(SET_CHUNK_SIZE, 0, 0, b"\x10"), channel=2),
    "a chunk size of no byte": message_header(2, 0, SET_CHUNK_SIZE),
    "aborts without end": chunks(*[control(ABORT, 5)] * 100, channel=2),
    "a ping of two bytes": chunks(Message(4, 0, 0, b"\x00\x06"), channel=2),
    "a user control message of one": chunks(Message(4, 0, 0, b"\x00"), channel=2),
    "a window of no size": chunks(Message(5, 0, 0, b"\x00"), channel=2),
    "pings without end": chunks(*[event(PING, 1)] * 1000, channel=2),
    "publish before connect": PUBLISH,
    "media before connect": chunks(SOUND, channel=4),
    "media before publish": CONNECT + chunks(SOUND, channel=4),
    "script data before publish": CONNECT + chunks(Message(18, 1, 0, amf.encode("onMetaData", {})), channel=4),
    "connect twice": CONNECT + CONNECT,
    "calls without end": CONNECT + command("nothing", 7, None) * 1000,
    "a message of an unknown kind": chunks(Message(99, 0, 0, b"?")),
    "a shared object": chunks(Message(19, 0, 0, b"?")),
    "a channel that begins in the middle": b"\xc5" + bytes(128),
    "a message in a message": (message_header(6, 200) + bytes(128)) * 2,
    "play": CONNECT + command("createStream", 2, None) + command("play", 3, None, KEY, stream=1),
    "publish without a key": CONNECT + command("publish", 5, None),
    "publish with a key that is a number": CONNECT + command("publish", 5, None, 12345, "live", stream=1),
    "publish with a key that is only a query": CONNECT + command("publish", 5, None, f"?key={KEY}", "live", stream=1),
}
WHILE_PUBLISHING = {
    "a second publish": PUBLISH,
    "a second connect": CONNECT,
    "play": command("play", 3, None, KEY, stream=1),
    "16 MB announced": message_header(6, 0xFFFFFF),
    "a message of an unknown kind": chunks(Message(99, 1, 0, b"?")),
    "chunks of no byte": long_chunks(0),
    "random bytes": b"\x86" + os.urandom(20_000),
}


@pytest.fixture(scope="module")
def broadcast():
    """It waits so long for who is silent that whoever is closed within a test is closed for what was sent."""
    with Broadcast(Limits(handshake=300, publish=300, idle=300)) as made:
        yield made


@pytest.fixture(scope="module")
def on_air(broadcast):
    """ffmpeg publishes all the while. At the end it has neither been cut nor has it missed a picture."""
    before = len(broadcast.sinks)
    process = encoder(broadcast.url(), seconds=600)
    sink = eventually(lambda: broadcast.sinks[before:])[0]
    eventually(lambda: len(sink.tags) > 20)
    yield sink
    assert not sink.reasons
    pictures = [timestamp for kind, timestamp, _ in sink.tags if kind == 9]
    assert max(later - earlier for earlier, later in pairwise(pictures)) < 100
    broadcast.call(sink.session.cut, "The test is over.")
    said(process)


@pytest.fixture
def log(caplog):
    """What the server wrote; there is never a traceback nor a key in it."""
    caplog.set_level(logging.INFO)
    yield lambda: [record.getMessage() for record in caplog.records]
    assert not [record for record in caplog.records if record.exc_info or record.levelno > logging.INFO]
    assert KEY not in caplog.text


def goes_on(sink):
    """The stream on air is still coming in."""
    before = len(sink.tags)
    return eventually(lambda: len(sink.tags) > before and not sink.reasons)


@pytest.mark.parametrize("data", BEFORE_THE_HANDSHAKE.values(), ids=BEFORE_THE_HANDSHAKE)
def test_who_does_not_greet_is_closed_at_once(broadcast, on_air, log, data):
    with connection(broadcast.port) as made:
        made.sendall(data)
        assert is_closed(made)
    assert any("rtmp.refused address=127.0.0.1 reason=" in line for line in log())
    assert goes_on(on_air)


@pytest.mark.parametrize("data", BEHIND_THE_HANDSHAKE.values(), ids=BEHIND_THE_HANDSHAKE)
def test_who_sends_nonsense_is_closed_at_once(broadcast, on_air, log, data):
    before = len(broadcast.sinks)
    with greeted(broadcast.port) as made:
        made.sendall(data)
        assert is_closed(made)
    assert len([line for line in log() if "rtmp.refused" in line]) == 1
    assert len(broadcast.sinks) == before
    assert goes_on(on_air)


@pytest.mark.parametrize("data", WHILE_PUBLISHING.values(), ids=WHILE_PUBLISHING)
def test_a_publisher_who_sends_nonsense_is_cut(broadcast, on_air, log, data):
    before = len(broadcast.sinks)
    with greeted(broadcast.port) as made:
        made.sendall(CONNECT + PUBLISH + chunks(SOUND, channel=4))
        sink = eventually(lambda: broadcast.sinks[before:])[0]
        eventually(lambda: sink.tags)
        made.sendall(data)
        assert is_closed(made)
    assert len(eventually(lambda: sink.reasons)) == 1
    assert goes_on(on_air)


def test_who_does_not_wait_for_the_handshake_is_not_confused_with_somebody_else(broadcast, on_air):
    before = len(broadcast.sinks)
    with connection(broadcast.port) as made:
        made.sendall(HELLO + CONNECT + PUBLISH + chunks(SOUND, channel=4))
        assert eventually(lambda: broadcast.sinks[before:] and broadcast.sinks[before].tags)


def test_silence_a_slow_greeting_and_talk_that_leads_nowhere_have_their_time():
    limits = Limits(handshake=0.3, publish=0.6, idle=0.4)
    with Broadcast(limits) as broadcast:
        began = time.monotonic()
        with connection(broadcast.port) as silent:
            assert is_closed(silent)
        assert time.monotonic() - began > 0.2
        with connection(broadcast.port) as slow:
            slow.sendall(b"\x03")
            with pytest.raises(OSError):  # reset or broken pipe, as the machine pleases
                for _ in range(1000):
                    slow.sendall(b"\x00")
                    slow.settimeout(0.02)
                    try:
                        assert not slow.recv(1)
                        raise ConnectionResetError
                    except TimeoutError:
                        continue
        with greeted(broadcast.port) as talker:
            talker.sendall(CONNECT)
            assert is_closed(talker)
        with greeted(broadcast.port) as publisher:
            publisher.sendall(CONNECT + PUBLISH)
            sink = eventually(lambda: broadcast.sinks)[0]
            assert is_closed(publisher)
            assert sink.reasons == ["The encoder sent nothing for 0.4 seconds."]


def test_who_asks_and_does_not_read_the_answers_is_closed(broadcast, on_air):
    before = len(broadcast.sinks)
    with greeted(broadcast.port, buffer=4096) as made:
        made.sendall(CONNECT + PUBLISH)
        sink = eventually(lambda: broadcast.sinks[before:])[0]
        pings = chunks(*[event(PING, 1)] * 10_000, channel=2)
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                made.sendall(pings)
        assert eventually(lambda: sink.reasons) == ["It does not read what it is told."]
    assert goes_on(on_air)


def test_three_hundred_mutated_connections_change_nothing(broadcast, on_air, log):
    """Bytes changed in what a right encoder sends, with the same seed each time."""
    dice = random.Random(1)
    right = (
        CONNECT + command("createStream", 2, None) + PUBLISH + b"".join(ChunkWriter().write(SOUND, 4) for _ in range(5))
    )
    for _ in range(300):
        wrong = bytearray(right)
        for _ in range(dice.randint(1, 8)):
            wrong[dice.randrange(len(wrong))] = dice.randrange(256)
        with connection(broadcast.port) as made:
            made.sendall(HELLO + wrong)
    eventually(lambda: len(broadcast.listener.sessions) == 1)
    assert all(len(sink.reasons) == 1 for sink in broadcast.sinks if sink is not on_air)
    assert goes_on(on_air)
