"""Timestamps of encoders, sane and otherwise, become a time that goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastpix.live.timestamps import MOST_AHEAD, MOST_BACK, STEP, Rebaser


def read(*timestamps):
    rebaser = Rebaser()
    return [rebaser.rebase(each) for each in timestamps]


def test_time_begins_at_zero_wherever_the_encoder_is():
    assert read(17_000_000, 17_000_033, 17_000_066) == [0, 33, 66]


def test_sound_that_lies_a_little_back_stays_there():
    assert read(1000, 1040, 1021, 1080) == [0, 40, 21, 80]


def test_the_counter_may_run_over():
    assert read(2**32 - 20, 13, 46) == [0, 33, 66]


@pytest.mark.parametrize("jump", [3_600_000, -3_600_000, MOST_AHEAD + 1, -MOST_BACK - 1, 2**31])
def test_a_jump_is_a_small_step_and_time_goes_on_from_there(jump):
    there = (5040 + jump) % 2**32
    assert read(5000, 5040, there, (there + 33) % 2**32) == [0, 40, 40 + STEP, 73 + STEP]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=200))
def test_no_timestamps_make_time_leap_or_fall_back(timestamps):
    latest = 0
    for at in read(*timestamps):
        assert max(0, latest - MOST_BACK) <= at <= latest + MOST_AHEAD
        latest = max(latest, at)
