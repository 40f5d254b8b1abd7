"""Tracks that stop for a while: silence in their place, or word that they are gone; and that the silence is silence."""

from __future__ import annotations

import array
from io import BytesIO
from itertools import pairwise

import av
import pytest

from fastpix.live.gaps import GONE, LATEST_SOUND, MOST_HELD, SILENCE_BEHIND, Gaps, Sound
from fastpix.live.rtmp import flv

FRAME = 1024 / 48  # ms
PICTURE = flv.VIDEO, 0, flv.h264_config(b"720p")
STEREO = flv.aac_config(bytes.fromhex("1190"))  # AAC-LC, 48 kHz, two channels
HE_AAC = flv.aac_config(bytes.fromhex("2b11"))


def pictures(begin, end):
    return [(flv.VIDEO, at, flv.h264_picture(b"%d" % at, 0, at % 2000 == 0)) for at in range(begin, end, 40)]


def sound(begin, end):
    count = int((end - begin) / FRAME)
    return [(flv.AUDIO, begin + round(number * FRAME), flv.aac_frame(b"heard")) for number in range(count)]


def mixed(*runs):
    return sorted((tag for run in runs for tag in run), key=lambda tag: tag[1])


def through(tags, config=STEREO):
    """What comes out, and after which tags something was missing."""
    gaps = Gaps()
    found, missing = gaps.take(PICTURE) + gaps.take((flv.AUDIO, 0, config)), []
    for tag in tags:
        found += gaps.take(tag)
        missing.append((tag[1], gaps.missing))
    return found + gaps.flush(), missing


def times(tags, kind=flv.AUDIO):
    return [at for own, at, payload in tags if own == kind and payload[1] == 1]


def is_even(heard, end, frame=FRAME):
    """Whether frames follow each other without a gap from 0 on."""
    steps = [after - before for before, after in pairwise(heard)]
    return heard[0] == 0 and abs(heard[-1] + frame - end) < frame and all(frame / 2 < s < frame * 1.6 for s in steps)


@pytest.mark.parametrize("returns", [5600, 7990])
def test_sound_that_stops_is_silent_until_it_returns(returns):
    found, missing = through(mixed(pictures(0, 10_000), sound(0, 3000), sound(returns, 10_000)))
    assert is_even(times(found), 10_000)
    assert len(times(found, flv.VIDEO)) == 250 and {each for _, each in missing} == {frozenset()}
    silent = [at for _, at, payload in found if payload == flv.aac_frame(bytes.fromhex("211004608c1c"))]
    assert 2950 < silent[0] < 3050 and returns - 50 < silent[-1] < returns


def test_silence_comes_with_the_pictures_and_not_when_the_sound_returns():
    found, last = [], 0
    gaps = Gaps()
    for tag in ((flv.AUDIO, 0, STEREO), *mixed(pictures(0, 9000), sound(0, 3000))):
        found += gaps.take(tag)
        last = tag[1]
        behind = last - max(times(found), default=0)
        assert behind <= (LATEST_SOUND if last < 3000 + LATEST_SOUND + 100 else SILENCE_BEHIND + 2 * FRAME) + FRAME


def test_sound_that_stopped_until_the_end_is_as_long_as_the_picture():
    found, _ = through(mixed(pictures(0, 6000), sound(0, 5000)))
    assert is_even(times(found), 5960)


def test_sound_that_returns_a_little_late_is_not_heard_twice():
    before = mixed(pictures(0, 8000), sound(0, 3000))
    sent = sorted([*((tag[1], tag) for tag in before), *((tag[1] + 150, tag) for tag in sound(6000, 8000))])
    found, _ = through([tag for _, tag in sent])
    assert is_even(times(found), 8000)


def test_a_hole_that_the_network_made_is_filled_at_once():
    found, _ = through(mixed(pictures(0, 4000), sound(0, 1000), sound(1300, 4000)))
    assert is_even(times(found), 4000)


@pytest.mark.parametrize("offsets", [(0, 30, 60, 90), (0, -21, -42, -63)], ids=["uneven", "four at once"])
def test_an_encoder_whose_clock_is_not_exact_is_left_alone(offsets):
    uneven = [(kind, at + offsets[n % 4], payload) for n, (kind, at, payload) in enumerate(sound(100, 6000))]
    found, _ = through(mixed(pictures(0, 5900), uneven))
    assert len(times(found)) == len(uneven)


def test_sound_waits_for_its_picture_and_goes_on_with_it():
    sent = mixed(pictures(0, 2000), pictures(5000, 8000), sound(0, 8000))
    found, missing = through(sent)
    assert sorted(found[2:]) == sorted(sent) and times(found) == times(sent)
    assert {each for _, each in missing} == {frozenset()}
    before = found[: found.index((flv.VIDEO, 5000, flv.h264_picture(b"5000", 0, False)))]
    assert times(before)[-1] == times([tag for tag in sent if tag[1] <= 5000])[-1]


def test_of_a_picture_that_is_gone_the_sound_goes_on_alone():
    sent = mixed(pictures(0, 3000), pictures(12_000, 14_000), sound(0, 14_000))
    found, missing = through(sent)
    assert times(found) == times(sent)
    gone = [at for at, each in missing if each == {flv.VIDEO}]
    assert 2960 + GONE <= gone[0] <= 2960 + GONE + 30 and 11_960 < gone[-1] < 12_000


def test_what_is_held_is_little():
    gaps = Gaps()
    for tag in ((flv.AUDIO, 0, STEREO), *pictures(0, 40)):
        gaps.take(tag)
    large = flv.aac_frame(bytes(MOST_HELD // 3))
    assert [len(gaps.take((flv.AUDIO, at, large))) for at in (2000, 2021, 2042)] == [0, 0, 3]


def test_sound_of_a_kind_whose_silence_is_unknown_is_gone():
    sent = mixed(pictures(0, 10_000), sound(0, 2000), sound(9000, 10_000))
    found, missing = through(sent, HE_AAC)
    assert times(found) == times(sent)
    gone = [at for at, each in missing if each == {flv.AUDIO}]
    assert 1950 + GONE <= gone[0] <= 2300 + GONE  # its frames last twice as long
    assert 8900 < gone[-1] <= 9000


def test_what_cannot_be_read_has_no_silence():
    assert Sound.of(b"\xaf\x00\x11") is None and Sound.of(flv.aac_config(b"\x17\x80")) is None
    assert Sound.of(flv.aac_config(bytes.fromhex("11a0"))).silent == b""  # four channels
    enhanced = Sound.of(b"\x90mp4a" + bytes.fromhex("1190"))
    assert enhanced.silent == b"\x91mp4a" + bytes.fromhex("211004608c1c") and enhanced.frame == FRAME


@pytest.mark.parametrize(("config", "channels"), [("1188", 1), ("1190", 2), ("1210", 2), ("11b0", 6)])
def test_ffmpeg_hears_nothing_in_the_silence(config, channels):
    head = flv.aac_config(bytes.fromhex(config))
    silent = Sound.of(head).silent
    file = flv.header([flv.AUDIO]) + flv.tag(flv.AUDIO, 0, head)
    file += b"".join(flv.tag(flv.AUDIO, 21 * number, silent) for number in range(20))
    with av.open(BytesIO(file), format="flv") as container:
        frames = list(container.decode(audio=0))
    assert len(frames) >= 19 and {frame.layout.nb_channels for frame in frames} == {channels}
    assert all(set(array.array("f", bytes(plane))) <= {0.0, -0.0} for frame in frames for plane in frame.planes)
