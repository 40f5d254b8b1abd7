"""Real encoders, the real program: from the first byte to the recording, through drops and cuts."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress

import httpx
import pytest

from fastpix.live.rtmp import flv
from fastpix.live.rtmp.client import Client
from tests.running.encoder import Encoder, Returning, make_clip
from tests.running.server import Server, eventually
from tests.running.stream import Stream

LONG_AGO = "2020-01-01 00:00:00.000000"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server.running(tmp_path_factory.mktemp("live"), fetch_allow_private="true") as server:
        yield server


@contextmanager
def publishing(clip, url, kind=Encoder):
    encoder = kind(clip, url)
    try:
        yield encoder
    finally:
        encoder.stop()


def test_a_stream_goes_on_air_is_finished_and_leaves_a_recording_as_long_as_it_was(server, clip):
    stream = Stream(server)
    assert stream.status == "idle" and stream.playlist() is None
    with publishing(clip, stream.url) as encoder:
        stream.until("active", 15)
        stream.until_pieces(3)
        stream.do("finish")
        assert stream.status == "idle"
        encoder.refused()  # the encoder is cut off
    (media,) = stream.recordings()
    ended = eventually(lambda: p if (p := stream.playlist()) and p.is_over else None)
    assert abs(float(media["duration"]) - ended.seconds) < 2.0
    assert media["streamId"] == stream.id and media["title"].startswith("Talk, ")
    segment = httpx.get(f"{server.url}/stream/{media['playbackIds'][0]['id']}.m3u8")
    assert segment.status_code == 200


def test_who_may_not_publish_is_refused_in_the_handshake_and_told_of(server, clip):
    stream = Stream(server)
    wrong = "0" * 32 + "k" + stream.id
    before = server.log
    assert "There is no stream with this key" in Encoder(clip, stream.url.replace(stream.key, wrong)).refused()
    assert "There is no stream with this key" in Encoder(clip, stream.url.replace(stream.key, "nonsense")).refused()
    stream.do("live-disable")
    assert "This stream is disabled" in Encoder(clip, stream.url).refused()
    stream.do("live-enable")
    with publishing(clip, stream.url):
        stream.until("active")
        assert "Another encoder is sending this stream" in Encoder(clip, stream.url).refused()
        first = stream.until_pieces(2)
    assert first.breaks == 0
    reasons = [row.get("reason", "admitted")[:20] for row in stream.audit()]
    assert reasons == ["There is no stream w", "This stream is disab", "admitted", "Another encoder is s"]
    assert stream.key not in server.log and wrong not in server.log.removeprefix(before)
    assert "live.refused" in server.log


def test_an_encoder_that_returns_in_time_goes_on_with_its_broadcast_and_one_too_late_begins_another(server, clip):
    stream = Stream(server)
    with publishing(clip, stream.url) as encoder:
        stream.until_pieces(2)
        encoder.kill()
    eventually(lambda: stream.is_away)
    assert stream.status == "active"
    with publishing(clip, stream.url):
        joined = stream.until_pieces(4)
        assert joined.breaks == 1 and joined.first == 1  # one broadcast, two connections
    eventually(lambda: stream.is_away)
    stream.rows("UPDATE live_streams SET disconnected_at = ? WHERE id = ?", LONG_AGO)
    stream.until("idle")
    with publishing(clip, stream.url):
        stream.until("active")
        another = stream.until_pieces(1)
        assert another.breaks == 0 and not another.is_over
        stream.until_pieces(2)
        stream.do("finish")
    first, second = stream.recordings(2)
    assert abs(float(first["duration"]) - joined.seconds) < 6.0
    assert min(float(first["duration"]), float(second["duration"])) > 2


@pytest.mark.parametrize("cut", ["live-disable", "finish", "reset-key", "delete"])
def test_who_is_on_air_is_cut_off(server, clip, cut):
    stream = Stream(server, recording=False)
    with publishing(clip, stream.url) as encoder:
        stream.until("active")
        if cut == "delete":
            stream.do("", "DELETE")
        else:
            stream.do(cut, "POST" if cut == "reset-key" else "PUT")
        encoder.refused(10)
    if cut == "reset-key":
        assert "There is no stream with this key" in Encoder(clip, stream.url).refused()


def test_two_streams_at_once_keep_apart_and_malformed_connections_hurt_neither(server, clip):
    one, two = Stream(server, recording=False), Stream(server, recording=False)
    with publishing(clip, one.url), publishing(clip, two.url) as other:
        one.until_pieces(1)
        two.until_pieces(1)
        _attack(server.live_port)
        before = one.playlist().last
        other.kill()
        one.until_pieces(before + 2)
        assert one.playlist().breaks == 0 and one.status == "active"
    own = {piece.split("/")[0] for piece in one.playlist().pieces}
    assert len(own) == 1 and not own & {piece.split("/")[0] for piece in two.playlist().pieces}


def _attack(port):
    """Twenty connections that do not speak RTMP as they should."""
    import random
    import socket

    random.seed(4)
    hello = b"\x03" + bytes(1536)
    attacks = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600),
        b"\x06" + bytes(1536),
        hello + bytes(1536) + b"\x02\x00\x00\x00\xff\xff\xff\x01\x00\x00\x00\x00" + b"\xff" * 4,
        hello + bytes(1536) + b"\x03\x00\x00\x00\x00\x00\xff\x14\x00\x00\x00\x00" + b"\x02\xff\xff" * 60,
        hello
        + bytes(1536)
        + b"".join(bytes([i + 3]) + b"\x00\x00\x00\x40\x00\x00\x08\x01\x00\x00\x00" for i in range(60)),
        *[hello + bytes(1536) + random.randbytes(4096) for _ in range(14)],
    ]
    for bad in attacks:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, suppress(OSError):
            connection.sendall(bad)
            while connection.recv(65536):
                pass


def test_a_stream_is_pushed_to_another_server_whose_death_it_does_not_feel(server, clip):
    stream, far = Stream(server, recording=False), Stream(server, recording=False)
    target = {"url": far.url.rpartition("/")[0], "streamKey": far.key}
    made = stream.of("/simulcast", "POST", target)
    stream.of("/simulcast", "POST", {"url": "rtmp://127.0.0.1:9/live", "streamKey": "x"})
    with publishing(clip, stream.url):
        stream.until("active")
        far.until("active", 30)
        far.until_pieces(2)
        states = eventually(lambda: s if "failed" in (s := _states(stream)) and "broadcasting" in s else None)
        assert sorted(states) == ["broadcasting", "failed"]
        far.do("live-disable")
        eventually(lambda: _states(stream) == ["failed", "failed"])
        last = stream.playlist().last
        stream.until_pieces(last + 2)
        assert stream.playlist().breaks == 0
        assert stream.of(f"/simulcast/{made['simulcastId']}", "PUT", {"isEnabled": False})["isEnabled"] is False
    assert far.key not in server.log


def _states(stream):
    return [row[0] for row in stream.rows("SELECT state FROM live_simulcasts WHERE stream_id = ? ORDER BY created_at")]


def test_an_encoder_that_fell_silent_makes_way_for_itself(server, clip):
    """Its connection broke unnoticed: it must not have to wait until that is found out."""
    stream = Stream(server, recording=False)
    is_over = threading.Event()
    silent = threading.Thread(target=lambda: asyncio.run(_keep_silent(server.live_port, stream.key, is_over)))
    silent.start()
    try:
        stream.until("preparing")
        with publishing(clip, stream.url, Returning):
            stream.until("active", 30)
    finally:
        is_over.set()
        silent.join()
    assert "Another encoder is sending" in stream.audit()[1]["reason"]


async def _keep_silent(port, key, is_over):
    client = await Client.connect("127.0.0.1", port, tc_url="rtmp://127.0.0.1/live", app="live")
    await client.publish(key)
    while not is_over.is_set():
        await asyncio.sleep(0.1)
    await client.close()


def test_an_encoder_without_keyframes_is_cut_off_before_it_fills_the_memory(server, clip):
    stream = Stream(server)
    told = asyncio.run(_without_keyframes(server.live_port, stream.key, clip))
    assert "keyframe" in told
    eventually(lambda: stream.is_away or stream.status == "idle")
    log = [row[0] for row in stream.rows("SELECT text FROM live_log WHERE stream_id = ? ORDER BY at")]
    assert any("Set the encoder's keyframe interval to 2 seconds" in text for text in log)


async def _without_keyframes(port, key, clip):
    """Send one keyframe and then only what needs it, as fast as it goes. What the server said at the end."""
    client = await Client.connect("127.0.0.1", port, tc_url="rtmp://127.0.0.1/live", app="live")
    await client.publish(key)
    video = [payload for kind, payload in _tags(clip.read_bytes()) if kind == flv.VIDEO]
    config = next(payload for payload in video if flv.is_video_config(payload))
    keyframe = next(payload for payload in video if flv.is_keyframe(payload))
    other = max((p for p in video if not flv.is_keyframe(p) and not flv.is_video_config(p)), key=len)
    listening = asyncio.create_task(client.read_until_closed())
    at = 0
    for payload in (config, keyframe):
        client.send(flv.VIDEO, at, payload)
    with suppress(OSError):
        while not listening.done():
            at += 1
            client.send(flv.VIDEO, at, other)
            if client.waiting > 1 << 20:
                await client.drain()
            if at % 50 == 0:
                await asyncio.sleep(0)
    told = await asyncio.gather(listening, return_exceptions=True)
    await client.close()
    return str(told[0])


def _tags(data):
    place = 13
    while place + 11 <= len(data):
        size = int.from_bytes(data[place + 1 : place + 4], "big")
        yield data[place], data[place + 11 : place + 11 + size]
        place += 15 + size


def test_viewers_are_counted(server, clip):
    stream = Stream(server, recording=False)
    with publishing(clip, stream.url):
        stream.until_pieces(1)
        urls = [stream.playlist().url for _ in range(3)]

        def counted():
            for url in urls:
                httpx.get(url)
            return stream.of("/viewer-count")["views"] >= 3

        eventually(counted, 20)


def test_ctrl_c_during_a_broadcast_loses_nothing(make_server, clip):
    server = make_server()
    server.cast = server.seed()
    server.start()
    stream = Stream(server)
    with publishing(clip, stream.url, Returning):
        before = stream.until_pieces(2)
        assert server.interrupt() == 0
        server.start()
        after = stream.until_pieces(before.last + 2, 60)
        assert after.pieces[: len(before.pieces)] == before.pieces and after.breaks == 1
