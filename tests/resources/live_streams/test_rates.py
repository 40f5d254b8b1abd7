"""What the master says of a broadcast's segments, by what was measured of them."""

from __future__ import annotations

import pytest

from fastpix.resources.live_streams.broadcasts.models import LiveSegment
from fastpix.resources.live_streams.broadcasts.rules import rates


def segment(frames, seconds, size=1000, part=1):
    return LiveSegment(frames=frames, seconds=seconds, size=size, part=part)


@pytest.mark.parametrize(
    ("frames", "seconds", "rate"),
    [
        (60, 2.0, 30.0),
        (60, 2.002, 29.97),
        (48, 2.002, 23.976),
        (120, 2.002, 59.94),
        (50, 2.0, 25.0),
        (29, 1.95, 14.872),  # neither 15 nor what television has
        (0, 2.0, 0.0),
    ],
)
def test_the_frame_rate_is_what_the_encoder_was_set_to(frames, seconds, rate):
    assert rates([segment(frames, seconds)]).frame_rate == rate
    assert rates([segment(frames, seconds)] * 12).frame_rate == rate


def test_times_in_whole_milliseconds_make_it_no_other_one():
    one = segment(50, 1.668)  # 50 of 29.97 last 1.6683 s
    assert rates([one]).frame_rate == rates([one, segment(50, 1.669), one]).frame_rate == 29.97
    assert rates([segment(1, 0.001)]).frame_rate > 0


def test_pictures_that_an_encoder_dropped_do_not_lower_the_frame_rate():
    assert rates([segment(60, 2.0), segment(41, 2.0), segment(58, 2.0)]).frame_rate == 30.0


def test_a_short_last_segment_says_nothing_of_the_frame_rate_or_the_highest_bit_rate():
    told = rates([segment(50, 2.0, 250_000), segment(50, 2.0, 500_000), segment(1, 0.001, 40_000)])
    assert (told.frame_rate, told.bandwidth) == (25.0, 2_000_000)
    assert told.average_bandwidth == pytest.approx(790_000 * 8 / 4.001, abs=1)


def test_the_frame_rate_is_that_of_what_is_sent_now_and_bit_rates_are_those_of_all_that_is_seen():
    told = rates([segment(120, 2.0, 750_000), segment(50, 2.0, 250_000, part=2)])
    assert (told.frame_rate, told.bandwidth, told.average_bandwidth) == (25.0, 3_000_000, 2_000_000)
