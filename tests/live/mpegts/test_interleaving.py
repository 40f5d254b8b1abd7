"""The order of tags, whatever the multiplexer's."""

from __future__ import annotations

from fastpix.live.mpegts.interleaving import LONGEST_START, LONGEST_WAIT, MOST_WAITING, Interleaver, Tag
from fastpix.live.rtmp.flv import AUDIO, VIDEO


def through(kinds, leader, tags):
    interleaver = Interleaver(kinds, leader)
    now = [tag for each in tags for tag in interleaver.push(each)]
    return now, now + interleaver.flush()


def run(kind, times):
    return [Tag(kind, time, b"") for time in times]


def test_a_track_that_comes_a_second_and_a_half_early_is_put_in_order():
    sound, pictures = run(AUDIO, range(0, 6000, 20)), run(VIDEO, range(0, 6000, 40))
    mixed = sorted([*((tag.time, tag) for tag in sound), *((tag.time + 1500, tag) for tag in pictures)])
    _, tags = through({AUDIO, VIDEO}, VIDEO, [tag for _, tag in mixed])
    assert [tag.time for tag in tags] == sorted(tag.time for tag in sound + pictures)


def test_a_track_that_stops_holds_the_other_up_by_two_seconds_at_most():
    now, tags = through({AUDIO, VIDEO}, VIDEO, run(VIDEO, range(0, 10_000, 40)))
    assert now[-1].time >= 9960 - LONGEST_WAIT and len(tags) == 250


def test_sound_without_its_picture_waits_and_then_goes_alone():
    now, _ = through({AUDIO, VIDEO}, VIDEO, run(AUDIO, range(0, LONGEST_START, 20)))
    assert now == []
    now, _ = through({AUDIO, VIDEO}, VIDEO, run(AUDIO, range(0, LONGEST_START + 5000, 20)))
    assert now[0].time == 0


def test_sound_long_before_the_first_picture_is_left_out():
    _, tags = through({AUDIO, VIDEO}, VIDEO, [*run(AUDIO, range(0, 3000, 20)), *run(VIDEO, range(2000, 3000, 40))])
    assert min(tag.time for tag in tags) == 1760 and len(tags) == 62 + 25


def test_times_that_jump_are_handed_on_in_the_order_they_came():
    hours = 3_600_000
    _, tags = through(
        {VIDEO}, VIDEO, [*run(VIDEO, (0, 40, 80)), *run(VIDEO, (hours, hours + 40)), *run(VIDEO, (0, 40))]
    )
    assert [tag.time for tag in tags] == [0, 40, 80, hours, hours + 40, 0, 40]


def test_times_that_stand_still_fill_no_memory():
    now, _ = through({AUDIO, VIDEO}, VIDEO, run(VIDEO, [0]) + run(AUDIO, [1] * (MOST_WAITING * 2)))
    assert len(now) > MOST_WAITING - 10
