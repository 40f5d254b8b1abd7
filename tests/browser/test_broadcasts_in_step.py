"""A broadcast with B-frames, watched while it is on air, by RTMP and by SRT, and its recording afterwards: in step."""

from __future__ import annotations

import pytest

from tests.browser.eye import Shown
from tests.running.encoder import Encoder
from tests.running.stream import Stream
from tests.running.test_srt_on_air import SrtEncoder, SrtStream
from tests.video.flashes import GRANTED, picture, sound
from tests.video.odd_films import AAC, B_FRAMES

pytestmark = pytest.mark.full("a broadcast is sent for some seconds, recorded, processed and played in a browser")
MOMENTS = [0.6 + 2 * number for number in range(12)]
TEN_A_SECOND = {"rate": 10, "moments": MOMENTS}


def apart(seen):
    """By how much each beep is later than the flash nearest to it; what was cut off at the edges is left out."""
    nearest = [beep - min(seen.flashes, key=lambda flash: abs(flash - beep)) for beep in seen.beeps]
    return [late for late in nearest if abs(late) < 0.9]


@pytest.mark.parametrize(("kind", "encoder_of"), [(Stream, Encoder), (SrtStream, SrtEncoder)], ids=["RTMP", "SRT"])
def test_a_broadcast_is_in_step_while_it_is_on_air_and_afterwards(eye, film, kind, encoder_of):
    sent = film("sent.flv", *picture(25, **TEN_A_SECOND), *sound(25, moments=MOMENTS), *B_FRAMES, "-g", "20", *AAC)
    stream = kind(eye.server)
    encoder = encoder_of(sent, stream.url)
    try:
        stream.until_pieces(2)
        (level,) = eye.levels(stream.playback_id)
        seen = eye.watch(Shown(stream.playback_id, stream.playback_id, "active"), rate=1, seconds=12)
    finally:
        encoder.stop()
    assert (level["frameRate"], level["width"]) == (10, 320)
    assert 0 < level["averageBitrate"] <= level["maxBitrate"]
    assert len(apart(seen)) >= 3, seen
    assert all(abs(late) < GRANTED for late in apart(seen)), apart(seen)
    stream.do("finish")
    recorded = eye.ready(stream.recordings()[0]["id"])
    seen = eye.watch(recorded, rate=2)
    assert len(apart(seen)) >= 4
    assert all(abs(late) < GRANTED for late in apart(seen)), apart(seen)
