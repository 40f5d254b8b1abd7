"""SRT's callers and the real program: the same life of a broadcast as by RTMP, from the handshake to the recording."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager

import pytest

from fastpix.live.srt.rejection import CONFLICT, FORBIDDEN, NOT_FOUND
from fastpix.video import tools
from tests.live.srt_callers import BAD_SECRET, Caller, RejectedError
from tests.running.encoder import Encoder, Returning
from tests.running.frames import parts, times
from tests.running.server import Server, eventually
from tests.running.stream import Stream

SECONDS = 12
FASTER = 3  # than its own time


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A moving picture with B-frames, and a tone."""
    file = tmp_path_factory.mktemp("clip") / "clip.ts"
    command = [
        *(tools.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", str(SECONDS)),
        *(
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-bf",
            "2",
            "-g",
            "60",
            "-sc_threshold",
            "0",
            "-pix_fmt",
            "yuv420p",
        ),
        *("-c:a", "aac", "-b:a", "64k", "-f", "mpegts", str(file)),
    ]
    subprocess.run(command, check=True, timeout=60)
    return file


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server.running(tmp_path_factory.mktemp("srt"), fetch_allow_private="true") as server:
        yield server


class SrtStream(Stream):
    """A stream that encoders send by SRT."""

    @property
    def secret(self):
        return self.told()["srtSecret"]

    @property
    def url(self):
        return f"srt://127.0.0.1:{self.server.srt_port}?streamid={self.key}&passphrase={self.secret}"

    def caller(self):
        return Caller(self.server.srt_port, self.key, self.secret)

    def log(self):
        return [row[0] for row in self.rows("SELECT text FROM live_log WHERE stream_id = ? ORDER BY at")]


class SrtEncoder(Encoder):
    """ffmpeg, over and over from the start of the clip, by SRT."""

    def __init__(self, clip, url):
        super().__init__(clip, url)

    def _start(self):
        self._command[-2] = "mpegts"
        return super()._start()


class ReturningByHand(SrtEncoder, Returning):
    """The same, whenever it is cut off."""


@contextmanager
def publishing(clip, stream, kind=SrtEncoder):
    encoder = kind(clip, stream.url)
    try:
        yield encoder
    finally:
        encoder.stop()


def test_what_is_sent_is_broadcast_pushed_on_and_recorded_frame_for_frame(server, clip):
    stream, far = SrtStream(server), Stream(server, recording=False)
    stream.of("/simulcast", "POST", {"url": far.url.rpartition("/")[0], "streamKey": far.key})
    caller = stream.caller()
    caller.send(clip.read_bytes(), bits_a_second=clip.stat().st_size * 8 / SECONDS * FASTER)
    assert stream.status == "active" and not stream.is_away
    far.until("active")
    caller.leave()
    eventually(lambda: stream.is_away)
    stream.do("finish")
    ended = eventually(lambda: p if (p := stream.playlist()) and p.is_over else None)
    sent, broadcast = times(clip.read_bytes(), "mpegts"), times(*parts(ended))
    for kind in ("video", "audio"):
        assert len(broadcast[kind]) == len(sent[kind])
        assert broadcast[kind] == pytest.approx(sent[kind], abs=0.003)
    (media,) = stream.recordings()
    assert float(media["duration"]) == pytest.approx(SECONDS, abs=0.1)
    assert "An encoder connected from 127.0.0.1." in stream.log()


def test_who_may_not_publish_is_rejected_with_the_reason_and_told_of_as_by_rtmp(server, clip):
    stream = SrtStream(server, recording=False)
    unknown = "0" * 32 + "k" + stream.id

    def reason(stream_id, passphrase):
        with pytest.raises(RejectedError) as rejected:
            Caller(server.srt_port, stream_id, passphrase)
        return rejected.value.reason

    assert reason(stream.key, unknown) == BAD_SECRET
    assert reason(unknown, stream.secret) == NOT_FOUND
    stream.do("live-disable")
    assert reason(stream.key, stream.secret) == FORBIDDEN
    stream.do("live-enable")
    with stream.caller() as caller:
        caller.send(clip.read_bytes()[: 188 * 7 * 100])
        assert reason(stream.key, stream.secret) == CONFLICT
        rtmp = f"rtmp://127.0.0.1:{server.live_port}/live/{stream.key}"
        assert "Another encoder is sending this stream" in Encoder(clip, rtmp).refused()
    told = eventually(
        lambda: t if len(t := sorted(row.get("reason", "")[:22] for row in stream.audit())) == 5 else None
    )
    assert told == [
        "",
        "Another encoder is sen",
        "Its SRT passphrase is ",
        "There is no stream wit",
        "This stream is disable",
    ]
    assert any("127.0.0.1 was refused. Its SRT passphrase is wrong" in line for line in stream.log())
    assert not [secret for secret in (stream.key, stream.secret, unknown) if secret in server.log]


def test_sound_of_another_kind_is_cut_off_with_the_sentence_of_rtmp(server):
    stream = SrtStream(server, recording=False)
    command = [
        *(tools.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "1"),
        *("-c:a", "mp2", "-f", "mpegts", "pipe:1"),
    ]
    with stream.caller() as caller:
        caller.send(subprocess.run(command, check=True, timeout=60, capture_output=True).stdout)
        eventually(lambda: any("this server takes no mp2" in line for line in stream.log()))
