"""OBS Studio by RTMP and by SRT: what is recorded is what it sent, and why it is refused stands where its user looks."""

from __future__ import annotations

import re

import pytest

from fastpix.resources.live_streams.connections.domain import WRONG_KEY
from tests.running import obs
from tests.running.obs import RATE, Obs
from tests.running.server import Server, eventually
from tests.running.stream import Stream
from tests.running.test_encoders import recorded
from tests.running.test_srt_on_air import SrtStream
from tests.video.clips import clip
from tests.video.flashes import GRANTED, as_ffmpeg, own_times, picture, sound
from tests.video.odd_films import AAC, B_FRAMES

pytestmark = [
    pytest.mark.full("OBS Studio starts, streams and is recorded, twice"),
    pytest.mark.skipif(bool(obs.MISSING), reason=f"needs {obs.MISSING}, which .ci/run installs"),
]
SENT = re.compile(r"Output 'simple_stream': Total frames output: (\d+)")
CUT = 0.1  # seconds at the edges of a recording, where a flash or a beep may be cut
PATIENT = 120  # seconds: a deadline, not a pause


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return clip(tmp_path_factory.mktemp("film"), "film.flv", *picture(), *sound(), *B_FRAMES, *AAC)


@pytest.fixture(scope="module")
def display():
    with obs.screen() as name:
        yield name


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server.running(tmp_path_factory.mktemp("obs")) as server:
        yield server


@pytest.fixture
def sends(display, film, tmp_path):
    """`sends(server, key)`: an OBS that streams there; it is gone at the end."""
    made = []

    def start(*where: str) -> Obs:
        made.append(Obs(tmp_path, display, film, *where))
        return made[-1]

    yield start
    for each in made:
        each.kill()


def farthest(ours, kept):
    """By how much the flashes and beeps of a recording are at most away from those of OBS's own file, which began earlier.

    Compared one by one: OBS itself shows some of them late where the machine is busy.
    """
    moments = [at for at in ours[0] if at > CUT], [at for at in ours[1] if at > CUT]
    found = []
    for begin in {theirs - own for theirs in kept[0] for own in moments[0]}:
        apart = [min(abs(own + begin - theirs) for theirs in kept[kind]) for kind in (0, 1) for own in moments[kind]]
        found.append(max(apart))
    return min(found)


@pytest.mark.parametrize("kind", [Stream, SrtStream], ids=["RTMP", "SRT"])
def test_what_obs_sends_is_recorded_as_long_as_it_was_and_in_step(kind, server, sends, tmp_path):
    stream = kind(server)
    where = (stream.url,) if kind is SrtStream else (stream.url.rpartition("/")[0], stream.key)
    encoder = sends(*where)
    stream.until_pieces(4, PATIENT)
    encoder.stop()
    eventually(lambda: stream.is_away, PATIENT)
    stream.do("finish")
    (media,) = stream.recordings(seconds=PATIENT)
    frames = int(SENT.search(encoder.log)[1])
    assert float(media["duration"]) == pytest.approx(frames / RATE, abs=0.1), encoder.log[-3000:]
    (file := tmp_path / "film.mp4").write_bytes(recorded(server, media))
    ours, kept = own_times(file), as_ffmpeg(encoder.kept)
    assert len(ours[0]) >= 3 and len(ours[1]) >= 3
    assert farthest(ours, kept) <= GRANTED, (ours, kept)


def test_obs_shows_why_a_wrong_key_is_refused(server, sends):
    stream = Stream(server)
    encoder = sends(stream.url.rpartition("/")[0], "0" * 32 + "k" + stream.id)
    eventually(lambda: WRONG_KEY in encoder.log, PATIENT, "OBS was not told")
    eventually(lambda: stream.audit(), PATIENT)
    assert [row["reason"] for row in stream.audit()] == [WRONG_KEY]
