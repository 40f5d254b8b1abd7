"""The listener to a broadcast: a real encoder gets in with its key, and nobody else does anything to it."""

from __future__ import annotations

import asyncio
import logging
import select
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from fastpix.live.rtmp import amf, flv
from fastpix.live.rtmp.chunks import ChunkReader
from fastpix.live.rtmp.messages import COMMAND, PING, PONG, SET_CHUNK_SIZE, Message, control, event
from fastpix.live.rtmp.session import Limits
from fastpix.video import tools
from tests.live.encoders import (
    CONNECT,
    KEY,
    PATIENT,
    PUBLISH,
    WRONG,
    Broadcast,
    Memory,
    chunks,
    command,
    connection,
    encoder,
    greeted,
    is_closed,
    said,
)  # fmt: skip
from tests.running.server import eventually

PICTURE, SOUND = b"\x27\x01\x00\x00\x00picture", b"\xaf\x01sound"


@pytest.fixture(scope="module")
def broadcast():
    with Broadcast() as made:
        yield made


@pytest.fixture
def refusals(caplog):
    caplog.set_level(logging.INFO, logger="fastpix.live")
    return lambda: [record.getMessage() for record in caplog.records]


def decoded(tags, folder, *, expect_frames):
    """The tags as FLV, read again by ffmpeg: no error, and at least so many pictures."""
    file = folder / "received.flv"
    file.write_bytes(flv.header() + b"".join(flv.tag(*each) for each in tags))
    command = [tools.ffmpeg(), "-hide_banner", "-v", "error", "-i", str(file), "-f", "null", "-progress", "-", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    frames = [int(line.partition("=")[2]) for line in done.stdout.splitlines() if line.startswith("frame=")]
    assert frames[-1] >= expect_frames


def answers(made, until):
    """Messages from the server until one fits."""
    reader, found = ChunkReader(), []
    reader.feed(chunks(control(SET_CHUNK_SIZE, 4096), channel=2))  # it said so, perhaps to an earlier call
    while True:
        data = made.recv(65536)
        assert data, f"closed after {found}"
        for message in reader.feed(data):
            found.append(message)
            if until(message):
                return found


def says(text):
    return lambda message: text.encode() in message.payload


@contextmanager
def publisher(broadcast, *behind):
    """A connection that publishes, made by hand; `behind` comes in the same piece as the publish command."""
    with greeted(broadcast.port) as made:
        made.sendall(CONNECT + command("createStream", 4, None) + PUBLISH + b"".join(behind))
        answers(made, says("NetStream.Publish.Start"))
        yield made, broadcast.sinks[-1]


# Publishing.


def test_what_ffmpeg_publishes_arrives_and_decodes(broadcast, tmp_path):
    code, output = said(encoder(broadcast.url(), seconds=3))
    assert (code, output) == (0, "")
    sink = broadcast.sinks[-1]
    assert broadcast.requests[-1] == ("live", KEY)
    assert eventually(lambda: sink.reasons) == ["The encoder stopped."]
    kinds = [kind for kind, _, _ in sink.tags]
    assert kinds.count(flv.VIDEO) >= 89 and kinds.count(flv.AUDIO) > 100
    assert sink.tags[kinds.index(flv.DATA)][2].startswith(amf.encode("onMetaData"))
    assert flv.is_video_config(sink.tags[kinds.index(flv.VIDEO)][2])
    assert flv.is_audio_config(sink.tags[kinds.index(flv.AUDIO)][2])
    for kind in (flv.AUDIO, flv.VIDEO):
        times = [timestamp for each, timestamp, _ in sink.tags if each == kind]
        assert times == sorted(times) and 2900 <= times[-1] <= 3100
    decoded(sink.tags, tmp_path, expect_frames=89)


@pytest.mark.parametrize("offset", [17_000, 16_776])
def test_a_stream_goes_on_after_four_hours_and_forty_minutes(broadcast, tmp_path, offset):
    """From 0xFFFFFF ms on times do not fit into three bytes; one stream begins behind it and the other one crosses it."""
    code, output = said(encoder(broadcast.url(), seconds=3, speed=(), after=["-output_ts_offset", str(offset)]))
    assert (code, output) == (0, "")
    sink = broadcast.sinks[-1]
    eventually(lambda: sink.reasons)  # the encoder ends before all that it sent is read
    tags = sink.tags
    pictures = [
        timestamp for kind, timestamp, payload in tags if kind == flv.VIDEO and not flv.is_video_config(payload)
    ]
    assert pictures == sorted(pictures)
    assert offset * 1000 <= pictures[0] and pictures[-1] >= offset * 1000 + 2900 > 0xFFFFFF - 2000
    decoded(tags, tmp_path, expect_frames=89)


def test_a_newer_codec_arrives_by_its_name(broadcast):
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
    _, output = said(encoder(broadcast.url(), seconds=1, speed=(), codec=codec))
    if "Unknown encoder" in output:
        pytest.skip("this ffmpeg has no libx265")
    assert {flv.video_codec(payload) for kind, _, payload in broadcast.sinks[-1].tags if kind == flv.VIDEO} == {"hevc"}


def test_a_wrong_key_is_told_so_and_reaches_no_sink(broadcast, refusals):
    before = len(broadcast.sinks)
    code, output = said(encoder(broadcast.url(WRONG)))
    assert code != 0 and "There is no stream with this key." in output
    assert len(broadcast.sinks) == before
    assert any("reason=There is no stream with this key." in line for line in refusals())
    assert WRONG not in " ".join(refusals())


def test_an_encoder_that_seldom_looks_hears_it_too(broadcast):
    """It goes on sending, and reads what it was told two seconds later."""
    with greeted(broadcast.port) as made:
        made.sendall(CONNECT + command("createStream", 4, None))
        made.sendall(command("publish", 5, None, WRONG, "live", stream=1))
        later = time.monotonic() + 2
        while time.monotonic() < later:
            select.select([], [], [], 0.1)
            made.sendall(chunks(event(PONG, 0), channel=2))
        answers(made, says("There is no stream with this key."))


def test_the_key_ends_at_a_question_mark(broadcast):
    with publisher(broadcast):
        pass
    with greeted(broadcast.port) as made:
        made.sendall(CONNECT + command("publish", 5, None, f"{KEY}?backup=1", "live", stream=1))
        answers(made, says("NetStream.Publish.Start"))
    assert broadcast.requests[-1] == ("live", KEY)


def test_an_encoder_that_is_killed_has_left(broadcast):
    process = encoder(broadcast.url(), seconds=60)
    sink = Memory()
    before = len(broadcast.sinks)
    try:
        sink = eventually(lambda: broadcast.sinks[before:])[0]
        eventually(lambda: len(sink.tags) > 20)
    finally:
        process.kill()
        process.communicate()
    assert eventually(lambda: sink.reasons)[0] in ("The encoder left.", "The connection broke.")


def test_media_that_does_not_wait_for_the_answer_is_kept():
    answer_now = threading.Event()

    async def decide(session, key):
        while not answer_now.is_set():
            await asyncio.sleep(0.01)

    media = [Message(9, 1, each, PICTURE + bytes(5000)) for each in range(20)]
    with Broadcast(decide=decide) as broadcast, greeted(broadcast.port) as made:
        made.sendall(CONNECT + PUBLISH + chunks(*media, channel=6))
        eventually(lambda: broadcast.requests)
        answer_now.set()
        sink = eventually(lambda: broadcast.sinks)[0]
        eventually(lambda: len(sink.tags) == 20)
        assert sink.tags == [(9, each.timestamp, each.payload) for each in media]


@pytest.mark.parametrize("is_cut", [False, True])
def test_an_encoder_that_leaves_while_the_desk_looks_is_told_to_the_sink(is_cut):
    answer_now = threading.Event()

    async def decide(session, key):
        while not answer_now.is_set():
            await asyncio.sleep(0.01)

    with Broadcast(decide=decide) as broadcast:
        with greeted(broadcast.port) as made:
            made.sendall(CONNECT + PUBLISH + chunks(Message(8, 1, 0, SOUND)))
            eventually(lambda: broadcast.requests)
            if is_cut:
                broadcast.call(next(iter(broadcast.listener.sessions)).cut, "The stream was deleted.")
        answer_now.set()
        sink = eventually(lambda: broadcast.sinks)[0]
        eventually(lambda: not broadcast.listener.sessions)
        assert len(sink.reasons) == 1
        assert (sink.reasons == ["The stream was deleted."] and not sink.tags) == is_cut


def test_a_desk_that_fails_leaves_nobody_waiting(refusals):
    async def decide(session, key):
        raise ValueError(f"cannot look up {key}")

    with Broadcast(decide=decide) as broadcast, greeted(broadcast.port) as made:
        made.sendall(CONNECT + PUBLISH)
        answers(made, says("NetStream.Publish.Failed"))
        assert is_closed(made)
    assert any("rtmp.desk_failed" in line and "ValueError" in line for line in refusals())
    assert KEY not in " ".join(refusals())


def test_a_desk_that_does_not_answer_leaves_nobody_waiting():
    async def decide(session, key):
        await asyncio.Event().wait()

    with Broadcast(Limits(decision=0.2), decide=decide) as broadcast, greeted(broadcast.port) as made:
        made.sendall(CONNECT + PUBLISH)
        answers(made, says("NetStream.Publish.Failed"))
        assert is_closed(made)


def test_a_sink_that_fails_ends_its_own_connection_alone(broadcast, refusals):
    class Failing(Memory):
        def media(self, kind, timestamp, payload):
            raise KeyError("payload")

    with publisher(broadcast) as (healthy, sink), Broadcast(sink=Failing) as other:
        with publisher(other) as (made, failing):
            made.sendall(chunks(Message(8, 1, 0, SOUND)))
            assert is_closed(made)
        assert failing.reasons == ["Something went wrong on the server."]
        healthy.sendall(chunks(Message(8, 1, 0, SOUND)))
        eventually(lambda: sink.tags)
    assert any("KeyError at " in line for line in refusals())


# What is answered.


def test_the_protocol_is_answered_as_encoders_expect(broadcast):
    with greeted(broadcast.port) as made:
        made.sendall(CONNECT + command("releaseStream", 2, None, KEY) + command("FCPublish", 3, None, KEY))
        made.sendall(command("createStream", 4, None) + command("_checkbw", 5, None))
        found = answers(made, says("_error"))
        commands = [amf.decode(message.payload) for message in found if message.kind == COMMAND]
        assert [message.kind for message in found][:3] == [5, 6, COMMAND]
        assert commands[0][3]["code"] == "NetConnection.Connect.Success"
        assert [each[:2] for each in commands[1:]] == [["_result", 2], ["_result", 3], ["_result", 4], ["_error", 5]]
        assert commands[3][3] == 1


def test_commands_in_amf3_clothes_are_understood(broadcast):
    with greeted(broadcast.port) as made:
        made.sendall(CONNECT)
        made.sendall(chunks(Message(17, 0, 0, b"\x00" + amf.encode("createStream", 9, None))))
        assert answers(made, says("_result"))
        with publisher(broadcast, chunks(Message(15, 1, 0, b"\x00" + amf.encode("onMetaData", {"a": 1})))) as (_, sink):
            eventually(lambda: sink.tags == [(flv.DATA, 0, amf.encode("onMetaData", {"a": 1}))])


def test_script_data_lose_their_order_and_orders_alone_are_dropped(broadcast):
    data = [amf.encode("@setDataFrame", "onMetaData", {"width": 1}), amf.encode("@clearDataFrame", "onMetaData")]
    data += [amf.encode("onTextData", {"text": "hello"}), b"\xff\xff"]
    with publisher(broadcast) as (made, sink):
        made.sendall(
            chunks(*(Message(18, 1, 5, each) for each in data), Message(8, 1, 6, b""), Message(8, 1, 7, SOUND))
        )
        eventually(lambda: len(sink.tags) == 3)
        assert sink.tags == [
            (18, 5, amf.encode("onMetaData", {"width": 1})), (18, 5, amf.encode("onTextData", {"text": "hello"})), (8, 7, SOUND),
        ]  # fmt: skip


def test_a_ping_is_answered(broadcast):
    with greeted(broadcast.port) as made:
        made.sendall(chunks(event(PING, 12345), channel=2))
        assert answers(made, lambda message: message.kind == 4)[-1] == event(PONG, 12345)


def test_what_was_received_is_acknowledged_every_half_window(broadcast):
    with publisher(broadcast) as (made, sink):
        made.sendall(chunks(control(5, 20_000), channel=2))
        made.sendall(chunks(Message(9, 1, 0, PICTURE + bytes(11_000))))
        found = answers(made, lambda message: message.kind == 3)[-1]
        assert int.from_bytes(found.payload, "big") >= 11_000
        assert sink.session.bytes_received >= 11_000


def test_who_says_that_it_stops_has_stopped(broadcast):
    for order in ("FCUnpublish", "deleteStream", "closeStream"):
        with publisher(broadcast) as (made, sink):
            made.sendall(chunks(Message(8, 1, 0, SOUND)) + command(order, 6, None, 1))
            answers(made, says("NetStream.Unpublish.Success"))
            made.sendall(chunks(Message(8, 1, 9, SOUND)))
        assert eventually(lambda: sink.reasons) == ["The encoder stopped."]
        assert sink.tags == [(8, 0, SOUND)]


def test_who_is_cut_is_told_why(broadcast):
    process = encoder(broadcast.url(), seconds=60)
    before = len(broadcast.sinks)
    sink = eventually(lambda: broadcast.sinks[before:])[0]
    eventually(lambda: len(sink.tags) > 20)
    assert sink.session.is_publishing and sink.session.address == "127.0.0.1"
    assert time.monotonic() - sink.session.last_media_at < PATIENT
    broadcast.call(sink.session.cut, "The key was revoked.", "This stream key was revoked.")
    assert sink.reasons == ["The key was revoked."]
    code, output = said(process)
    assert code != 0 and "This stream key was revoked." in output
    eventually(lambda: sink.session not in broadcast.listener.sessions)
    assert sink.reasons == ["The key was revoked."], "and once"


def test_who_is_not_read_from_has_to_wait(broadcast):
    with publisher(broadcast) as (made, sink):
        broadcast.call(sink.session.pause)
        made.settimeout(0.3)
        sent, media = 0, chunks(Message(9, 1, 0, PICTURE + bytes(1_000_000)))
        with pytest.raises(TimeoutError):
            while sent < 200:
                made.sendall(media)
                sent += 1
        assert not sink.tags
        broadcast.call(sink.session.resume)
        eventually(lambda: len(sink.tags) >= sent)


def test_the_silence_of_a_pause_is_not_the_encoders():
    with Broadcast(Limits(idle=0.2)) as broadcast, publisher(broadcast) as (made, sink):
        broadcast.call(sink.session.pause)
        with pytest.raises(AssertionError):
            eventually(lambda: sink.reasons, seconds=0.6)
        broadcast.call(sink.session.resume)
        assert eventually(lambda: sink.reasons) == ["The encoder sent nothing for 0.2 seconds."]
        answers(made, says("NetStream.Publish.Rejected"))
        assert is_closed(made)


def test_rtmps_is_the_same_behind_tls(certificate, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Broadcast(ssl=context) as broadcast:
        url = broadcast.url().replace("rtmp:", "rtmps:")
        trust = {"SSL_CERT_FILE": str(certificate)}
        code, output = said(encoder(url, seconds=1, speed=(), environment=trust))
        assert (code, output) == (0, "")
        decoded(broadcast.sinks[0].tags, tmp_path, expect_frames=29)
        code, output = said(encoder(url.replace(KEY, WRONG), seconds=1, speed=(), environment=trust))
        assert code != 0 and "There is no stream with this key." in output
        with connection(broadcast.port) as made:
            made.sendall(b"\x03" + bytes(1536))
            assert is_closed(made)


# The caps.


def test_beyond_the_caps_newcomers_are_closed_at_once():
    with Broadcast(max_connections=3, max_unauthorized_per_address=2) as broadcast:
        with publisher(broadcast) as (_, sink), greeted(broadcast.port), greeted(broadcast.port):
            with connection(broadcast.port) as fourth:
                assert is_closed(fourth)
            assert len(broadcast.listener.sessions) == 3 and not sink.reasons
        eventually(lambda: not broadcast.listener.sessions)
        with greeted(broadcast.port), greeted(broadcast.port), connection(broadcast.port) as third:
            assert is_closed(third), "two of one address that publish nothing"
        eventually(lambda: not broadcast.listener.sessions)
        with publisher(broadcast):
            pass


def test_a_closed_door_lets_nobody_in_and_throws_nobody_out(refusals):
    with Broadcast() as broadcast, publisher(broadcast) as (made, sink):
        broadcast.call(broadcast.listener.close)
        assert broadcast.listener.port == 0
        with pytest.raises(ConnectionError):
            connection(broadcast.port)
        made.sendall(chunks(Message(8, 1, 0, SOUND)))
        eventually(lambda: sink.tags)
