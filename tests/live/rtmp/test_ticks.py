"""Whoever publishes is read some times a second: few wake-ups, and all that came before an end or a reset."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
import time
from contextlib import contextmanager

import pytest

from fastpix.live.rtmp import ticks
from fastpix.live.rtmp.connection import BROKE, LEFT
from fastpix.live.rtmp.messages import Message
from tests.live.encoders import CONNECT, PUBLISH, Broadcast, chunks, command, greeted
from tests.running.server import eventually

SOUND = b"\xaf\x01sound"
FULL = 300  # messages: far more than one packet has, and less than the kernel keeps for who does not read


@pytest.fixture(scope="module")
def broadcast():
    with Broadcast() as made:
        yield made


@contextmanager
def publisher(broadcast):
    before = len(broadcast.sinks)
    with greeted(broadcast.port) as made:
        made.sendall(CONNECT + command("createStream", 4, None) + PUBLISH)
        sink = eventually(lambda: broadcast.sinks[before:])[0]
        eventually(lambda: sink.session.is_publishing)
        yield made, sink


def media(number):
    return chunks(Message(8, 1, number, SOUND))


def unsent(made):
    """Bytes that the other side has not got yet: a reset throws them away before they are sent."""
    return struct.unpack("i", fcntl.ioctl(made, termios.TIOCOUTQ, bytes(4)))[0]


def test_what_came_before_a_reset_is_read(broadcast):
    with publisher(broadcast) as (made, sink):
        broadcast.call(sink.session.pause)
        for number in range(FULL):
            made.sendall(media(number))
        eventually(lambda: unsent(made) == 0)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.close()
        broadcast.call(sink.session.resume)
        assert eventually(lambda: sink.reasons) == [BROKE]
        assert [at for _, at, _ in sink.tags] == list(range(FULL))


def test_what_came_before_an_end_is_read(broadcast):
    with publisher(broadcast) as (made, sink):
        for number in range(FULL):
            made.sendall(media(number))
        made.shutdown(socket.SHUT_WR)
        assert eventually(lambda: sink.reasons) == [LEFT]
        assert len(sink.tags) == FULL
    eventually(lambda: sink.session not in broadcast.listener.sessions)


def test_packets_are_taken_in_together(broadcast):
    with publisher(broadcast) as (made, sink):
        reads, take = [], sink.session.data_received
        broadcast.call(setattr, sink.session._tick_reader, "_received", lambda data: (reads.append(data), take(data)))
        begun = time.monotonic()
        for number in range(FULL):
            made.sendall(media(number))
        eventually(lambda: len(sink.tags) == FULL)
        assert len(reads) <= (time.monotonic() - begun) / ticks.TICK_SECONDS + 1
        made.close()
        eventually(lambda: sink.reasons)


def test_one_who_sends_much_does_not_keep_the_others_waiting(monkeypatch):
    monkeypatch.setattr(ticks, "READ_SIZE", 1000)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.sendall(bytes(10_500))
        taken, ends = [], []
        reader = ticks.TickReader(Transport(ours), taken.append, ends.append)
        reader.read()
        assert [len(data) for data in taken] == [1000] * ticks.READS_PER_TICK
        reader.read()
        reader.read()
        theirs.close()
        assert sum(map(len, taken)) == 10_500 and ends == []
        reader.read()
        assert ends == [None]


class Transport:
    """What a reader asks of a transport."""

    def __init__(self, made):
        self._made = made

    def get_extra_info(self, _name):
        return self._made


@pytest.mark.parametrize(
    ("now", "behind", "at"), [(7.0, 0, 7.1), (7.04, 0, 7.1), (7.001, 0.02, 7.02), (7.05, 0.02, 7.12)]
)
def test_all_go_by_the_same_ticks(now, behind, at):
    assert ticks.next_tick(now, behind) == pytest.approx(at)
