"""The client: what it publishes arrives as it was, what it plays too, and what servers refuse is said in their words."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest

from fastpix.live.rtmp import amf, flv
from fastpix.live.rtmp.client import Client, ServerRefused
from fastpix.live.rtmp.messages import PING, ProtocolError, event
from fastpix.live.rtmp.session import Rejected
from tests.live.encoders import KEY, PATIENT, WRONG, Broadcast
from tests.running.server import eventually, free_port

METADATA = amf.encode("onMetaData", {"width": 320})
TAGS = [
    (flv.DATA, 0, METADATA),
    (flv.DATA, 0, amf.encode("onTextData", {"text": "hello"})),
    (flv.VIDEO, 0, b"\x17\x00\x00\x00\x00\x01"),
    (flv.AUDIO, 0, b"\xaf\x00\x12\x10"),
    (flv.VIDEO, 33, b"\x17\x01" + os.urandom(200_000)),
    (flv.AUDIO, 40, b"\xaf\x01" + os.urandom(4094)),
    (flv.AUDIO, 60, b"\xaf\x01" + os.urandom(4095)),
    (flv.VIDEO, 0xFFFFFE, b"\x27\x01" + os.urandom(9000)),
    (flv.VIDEO, 0xFFFFFF, b"\x27\x01" + os.urandom(9000)),
    (flv.VIDEO, 0x1000000, b"\x27\x01" + os.urandom(9000)),
    (flv.AUDIO, 0xFFFFFFFF, b"\xaf\x01" + os.urandom(300)),
]


@pytest.fixture(scope="module")
def broadcast():
    with Broadcast() as made:
        yield made


def going(port, **options):
    return Client.connect("127.0.0.1", port, tc_url=f"rtmp://localhost:{port}/live", app="live", **options)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENT))


async def soon(look):
    """As `eventually`, without stopping the loop."""
    await asyncio.to_thread(eventually, look)


@contextmanager
def server_that(behave):
    """Takes one connection and does something to it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        made, _ = listener.accept()
        made.settimeout(PATIENT)
        with made:
            behave(made)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join(PATIENT)
        listener.close()


# Publishing.


def test_what_is_published_arrives_as_it_was_sent(broadcast):
    async def publish():
        client = await going(broadcast.port)
        await client.publish(KEY)
        for each in TAGS:
            client.send(*each)
            await client.drain()
        await client.close()

    run(publish())
    sink = broadcast.sinks[-1]
    assert eventually(lambda: sink.reasons) == ["The encoder stopped."]
    assert sink.tags == TAGS
    assert broadcast.requests[-1] == ("live", KEY)


def test_a_refusal_is_in_the_servers_words(broadcast):
    async def publish():
        client = await going(broadcast.port)
        try:
            await client.publish(WRONG)
        finally:
            await client.close()

    with pytest.raises(ServerRefused, match=r"^There is no stream with this key\.$"):
        run(publish())


def test_the_key_is_in_no_refusal_whatever_the_server_says():
    async def decide(session, key):
        raise Rejected(f"{key} is\r\nnot {KEY} " + "x" * 1000)

    async def publish():
        client = await going(broadcast.port)
        try:
            await client.publish(f"{KEY}?token=another-secret")
        finally:
            await client.close()

    with Broadcast(decide=decide) as broadcast, pytest.raises(ServerRefused) as refusal:
        run(publish())
    assert str(refusal.value).startswith("… isnot … xxx")
    assert len(str(refusal.value)) <= 200


def test_who_is_cut_hears_why(broadcast):
    async def publish():
        client = await going(broadcast.port)
        await client.publish(KEY)
        session = broadcast.sinks[-1].session
        await asyncio.to_thread(broadcast.call, session.cut, "revoked", "This stream key was revoked.")
        try:
            await client.read_until_closed()
        finally:
            await client.close()

    with pytest.raises(ServerRefused, match=r"^This stream key was revoked\.$"):
        run(publish())


def test_reading_ends_when_the_server_closes_and_sending_fails_then(broadcast):
    async def publish():
        client = await going(broadcast.port)
        await client.publish(KEY)
        session = broadcast.sinks[-1].session
        before = session.bytes_received
        reading = asyncio.create_task(client.read_until_closed())
        await asyncio.to_thread(broadcast.call, session._send, event(PING, 7))
        await soon(lambda: session.bytes_received == before + 18)  # the answer
        await asyncio.to_thread(broadcast.call, session._abort)
        with suppress(ConnectionError):  # closed or reset, as the machine pleases
            await reading
        await client.close()
        with pytest.raises(OSError, match="closed"):
            client.send(flv.AUDIO, 0, b"\xaf\x01")

    run(publish())


def test_closing_waits_for_what_is_still_to_send(broadcast):
    async def publish():
        client = await going(broadcast.port)
        await client.publish(KEY)
        session = broadcast.sinks[-1].session
        before = session.bytes_received
        await asyncio.to_thread(broadcast.call, session.pause)
        while client.waiting < 1 << 20:
            client.send(flv.VIDEO, 0, bytes(100_000))
            await asyncio.sleep(0)
        closing = asyncio.create_task(client.close())
        await asyncio.sleep(0)
        assert client.waiting, "it has begun to close with all that"
        await asyncio.to_thread(broadcast.call, session.resume)
        await closing
        await soon(lambda: session.bytes_received > before + (1 << 20))

    run(publish())


def test_what_the_server_does_not_take_is_waiting(broadcast):
    async def publish():
        client = await going(broadcast.port)
        await client.publish(KEY)
        sink = broadcast.sinks[-1]
        await asyncio.to_thread(broadcast.call, sink.session.pause)
        sent = 0
        while client.waiting < 1_000_000:
            client.send(flv.VIDEO, sent, bytes(100_000))
            sent += 1
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.drain(), 0.2)
        await asyncio.to_thread(broadcast.call, sink.session.resume)
        await client.drain()
        await soon(lambda: len(sink.tags) == sent)
        assert client.waiting == 0
        await client.close()

    run(publish())


def test_a_server_is_known_by_the_name_it_was_asked_for(certificate):
    context = ssl.create_default_context(cafile=str(certificate))
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(certificate)

    async def publish(name):
        client = await going(broadcast.port, ssl=context, server_hostname=name)
        await client.publish(KEY)
        for each in TAGS:
            client.send(*each)
        await client.close()

    with Broadcast(ssl=server_context) as broadcast:
        run(publish("localhost"))
        assert eventually(lambda: broadcast.sinks[0].reasons) and broadcast.sinks[0].tags == TAGS
        with pytest.raises(ssl.SSLCertVerificationError):
            run(publish("example.com"))


# Servers that are none.


async def connect_and_publish(port, timeout=PATIENT):
    client = await going(port, timeout=timeout)
    try:
        await client.publish(KEY)
    finally:
        await client.close()


def test_a_server_of_something_else_is_no_rtmp_server():
    with (
        server_that(lambda made: made.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port,
        pytest.raises(ProtocolError),
    ):
        run(connect_and_publish(port))


def test_a_server_that_closes_in_the_handshake_has_broken_the_connection():
    with server_that(lambda made: made.recv(1)) as port, pytest.raises(ConnectionError):
        run(connect_and_publish(port))


def test_a_server_that_says_nothing_is_waited_for_only_so_long():
    leave = threading.Event()
    with server_that(lambda made: leave.wait(PATIENT)) as port:
        with pytest.raises(TimeoutError):
            run(connect_and_publish(port, timeout=0.3))
        leave.set()


@pytest.mark.parametrize(
    "data", [b"\x86" + bytes(200) + b"\xff" * 5000, b"\xc5" + bytes(128), b"\x03" + bytes(3) + b"\xff" * 9]
)
def test_a_server_that_talks_nonsense_is_left(data):
    def behave(made):
        hello = made.recv(1537, socket.MSG_WAITALL)
        made.sendall(hello + hello[1:] + data)
        made.recv(100_000)

    with server_that(behave) as port, pytest.raises(ProtocolError):
        run(connect_and_publish(port))


def test_nobody_listens_where_nobody_listens():
    with pytest.raises(OSError):
        run(connect_and_publish(free_port()))


# nginx, which others made.
