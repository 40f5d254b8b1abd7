"""Debian's nginx with its RTMP module in front, with the configuration that we ship: the same doorman, the same states."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from fastpix.live.rtmp import amf, flv
from tests import nginx
from tests.nginx import Nginx
from tests.running.encoder import CLIP_SECONDS, Encoder, make_clip
from tests.running.frames import late, parts, send, tags, times
from tests.running.server import Server, eventually, free_port
from tests.running.stream import Stream
from tests.running.test_on_air import publishing

pytestmark = pytest.mark.skipif(nginx.is_missing, reason=nginx.MISSING)

# From the last tag until the stream waits for its encoder: 0.3 s where nothing else runs.
END_SECONDS = 9
HOUR = 3_600_000  # ms


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """`fastpix up` with both: encoders connect to itself, and at `front_port` to nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    made = Server(folder, fetch_allow_private="true")
    made.front_port, callbacks = free_port(), free_port()
    made.settings |= {
        "live_callbacks": f"127.0.0.1:{callbacks}",
        "live_relay_url": f"rtmp://127.0.0.1:{made.front_port}/live",
    }
    made.cast = made.seed()
    front = Nginx(folder / "front", made.front_port, main=nginx.rtmp(made.front_port, callbacks))
    try:
        front.start()
        made.start()
        yield made
    finally:
        made.stop()
        front.stop()


class Relayed(Stream):
    """A stream that encoders send to nginx."""

    @property
    def url(self):
        return f"rtmp://127.0.0.1:{self.server.front_port}/live/{self.key}"


def test_a_stream_that_nginx_took_in_plays_is_cut_off_and_recorded(server, clip):
    stream = Relayed(server)
    with publishing(clip, stream.url) as encoder:
        stream.until("active", 20)
        stream.until_pieces(3)
        Encoder(clip, stream.url).refused()  # a second one at the same time
        stream.do("finish")
        encoder.refused(15)
    ended = eventually(lambda: p if (p := stream.playlist()) and p.is_over else None)
    (media,) = stream.recordings()
    assert abs(float(media["duration"]) - ended.seconds) < 2.0
    assert "broadcast" in stream.audit()[0]


def test_the_same_doorman_turns_away(server, clip):
    stream = Relayed(server)
    Encoder(clip, stream.url.replace(stream.key, "nonsense")).refused()
    Encoder(clip, stream.url.replace(stream.key, stream.id)).refused()  # the name under which nginx gives it out
    stream.do("live-disable")
    Encoder(clip, stream.url).refused()
    assert [row["reason"] for row in stream.audit()] == ["This stream is disabled. An admin can enable it on its page."]


def test_an_encoder_that_dies_behind_nginx_may_return(server, clip):
    stream = Relayed(server)
    with publishing(clip, stream.url) as encoder:
        stream.until_pieces(2)
        encoder.kill()
    eventually(lambda: stream.is_away, 25)
    with publishing(clip, stream.url):
        joined = stream.until_pieces(4)
    assert joined.breaks == 1 and joined.first == 1


def test_a_stream_behind_nginx_is_pushed_to_another_server(server, clip):
    stream, far = Relayed(server, recording=False), Stream(server, recording=False)
    stream.of("/simulcast", "POST", {"url": far.url.rpartition("/")[0], "streamKey": far.key})
    with publishing(clip, stream.url):
        stream.until("active")
        far.until("active", 30)
        far.until_pieces(2)
    keys = (stream.key, far.key)
    assert not [key for key in keys if key in server.log]


def test_one_file_by_both_ways_is_one_broadcast_and_one_recording(server, tmp_path):
    """Every frame, from the first to the last one, and the end at once."""
    sent = tags(make_clip(tmp_path, b_frames=2))
    streams = [Stream(server), Relayed(server)]
    asyncio.run(_send_all(streams, [sent, sent], faster=2))
    left_at = monotonic()
    eventually(lambda: all(stream.is_away for stream in streams))
    assert monotonic() - left_at < END_SECONDS
    own, relayed = (_shown(stream) for stream in streams)
    assert _is_alike(own, relayed)
    (shown,) = own
    assert [len(shown["video"]), len(shown["audio"])] == [CLIP_SECONDS * 30, _count(sent, flv.AUDIO)]
    for stream in streams:
        (media,) = stream.recordings()
        assert float(media["duration"]) == pytest.approx(CLIP_SECONDS, abs=0.1)


def test_what_encoders_do_wrong_has_the_same_outcome_by_both_ways(server, clip):
    """Sound and pictures of other codecs, and clocks that jump by an hour."""
    good = tags(clip)
    mp3 = [(kind, time, b"\x2f\xff\xfb" + bytes(400) if kind == flv.AUDIO else payload) for kind, time, payload in good]
    announced = (flv.DATA, 0, amf.encode("onMetaData", {"videocodecid": float(int.from_bytes(b"hvc1", "big"))}))
    hevc = [announced] + [
        tag if tag[0] != flv.VIDEO else (flv.VIDEO, tag[1], b"\x90hvc1" + bytes(40)) for tag in good[1:]
    ]
    half = next(place for place, (kind, time, _) in enumerate(good) if time >= 4000 and kind == flv.VIDEO)
    first, second = good[:half], _later(good[half:], HOUR)
    sent = [mp3, hevc, first + second, _later(first[:3], second[0][1]) + second + first]
    own, relayed = ([kind(server, recording=False) for _ in sent] for kind in (Stream, Relayed))
    answers = asyncio.run(_send_all(own + relayed, sent + sent, faster=3))
    assert "takes no mp3" in answers[0] and "takes no hevc" in answers[1] and not any(answers[2:4] + answers[6:])
    for mp3_stream, hevc_stream in (own[:2], relayed[:2]):
        assert "takes no mp3" in _log(mp3_stream) and "takes no hevc" in _log(hevc_stream)
    for one, other in zip(own[2:], relayed[2:], strict=True):
        shown = _shown(one)
        assert _is_alike(shown, _shown(other))
        assert len(shown[0]["video"]) == CLIP_SECONDS * 30 and shown[0]["video"][-1] < CLIP_SECONDS


def test_tracks_that_change_are_parts_of_one_broadcast_and_one_recording_by_both_ways(server, clip, tmp_path):
    """Sound and picture that begin late, and another size, without another connection of the encoder."""
    whole, small = tags(clip), tags(make_clip(tmp_path, "160x90"))
    size = whole + _later(small, CLIP_SECONDS * 1000)
    sent = [late(whole, flv.AUDIO, 5000), late(whole, flv.VIDEO, 4000), size]
    own, relayed = ([kind(server) for _ in sent] for kind in (Stream, Relayed))
    assert not any(asyncio.run(_send_all(own + relayed, sent + sent, faster=3)))
    every = _count(whole, flv.AUDIO)
    before, after = _count(whole, flv.AUDIO, end=4000), _count(whole, flv.AUDIO, begin=6000)
    silent = _count(whole, flv.AUDIO, end=6000)  # in place of the sound that comes late
    expected = [[(180, silent), (120, after)], [(0, before), (180, every - before)], [(300, every), (300, every)]]
    for one, other, counts in zip(own, relayed, expected, strict=True):
        shown = _shown(one)
        assert _is_alike(shown, _shown(other))
        found = [(len(part["video"]), len(part["audio"])) for part in shown]
        assert found == [pytest.approx(count, abs=2) for count in counts]  # sound at the border may be of either
    for stream in own + relayed:
        (media,) = stream.recordings(seconds=90)
        assert float(media["duration"]) == pytest.approx(CLIP_SECONDS * (1 + (stream in (own[2], relayed[2]))), abs=0.1)


def _is_alike(one, other):
    """Whether both have the same parts with the same frames, within the milliseconds that nginx rounds by."""
    return len(one) == len(other) and all(
        mine[kind] == pytest.approx(theirs[kind], abs=0.003)
        for mine, theirs in zip(one, other, strict=True)
        for kind in ("video", "audio")
    )


def _log(stream):
    return " ".join(row[0] for row in stream.rows("SELECT text FROM live_log WHERE stream_id = ? ORDER BY at"))


def _count(sent, kind, begin=0, end=10**9):
    return sum(tag[0] == kind and tag[2][1] == 1 and begin <= tag[1] < end for tag in sent)


async def _send_all(streams, sent, faster):
    return await asyncio.gather(*(send(s.url, each, faster) for s, each in zip(streams, sent, strict=True)))


def _shown(stream):
    """When each part of a broadcast whose encoder left shows its frames."""
    eventually(lambda: stream.is_away, 30)
    stream.do("finish")
    ended = eventually(lambda: p if (p := stream.playlist()) and p.is_over else None)
    return [times(part) for part in parts(ended)]


def _later(sent, by):
    return [(kind, time + by, payload) for kind, time, payload in sent]
