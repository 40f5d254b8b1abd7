"""The order of tags, whatever the multiplexer's."""

from __future__ import annotations

from fastpix.live.mpegts.interleaving import LONGEST_START, LONGEST_WAIT, MOST_WAITING, Interleaver, Tag
from fastpix.live.rtmp.flv import AUDIO, VIDEO


def through(kinds, leader, tags, *, leader_comes=True):
    interleaver = Interleaver(kinds, leader)
    interleaver.leader_comes = leader_comes
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
    assert len(tags) == 250 and now[-1].time == 9960  # and after that it is not waited for any more
    now, _ = through({AUDIO, VIDEO}, VIDEO, run(VIDEO, range(0, LONGEST_WAIT, 40)))
    assert [tag.time for tag in now] == [0]


def test_a_track_that_comes_back_is_waited_for_again():
    sound = [*run(AUDIO, range(0, 2000, 20)), *run(AUDIO, range(8000, 10_000, 20))]
    pictures = run(VIDEO, range(0, 10_000, 40))
    mixed = sorted([*((tag.time + 400, tag) for tag in sound), *((tag.time, tag) for tag in pictures)])
    _, tags = through({AUDIO, VIDEO}, VIDEO, [tag for _, tag in mixed])
    after = [tag.time for tag in tags if tag.time > 8400]
    assert len(tags) == len(sound) + len(pictures) and after == sorted(after)


def test_sound_without_its_picture_waits_and_then_goes_alone():
    now, _ = through({AUDIO, VIDEO}, VIDEO, run(AUDIO, range(0, LONGEST_START, 20)))
    assert now == []
    now, _ = through({AUDIO, VIDEO}, VIDEO, run(AUDIO, range(0, LONGEST_START + 5000, 20)))
    assert now[0].time == 0


def test_sound_that_comes_seconds_late_is_left_out_and_what_configures_it_is_not():
    """The last of it before it was muted, which ffmpeg's multiplexer sends with what comes next."""
    config = Tag(AUDIO, 4000, b"", is_config=True)
    late = [
        *run(AUDIO, range(0, 2000, 20)),
        config,
        *run(AUDIO, range(4000, 4200, 20)),
        *run(AUDIO, range(8000, 9000, 20)),
    ]
    pictures = run(VIDEO, range(0, 9000, 40))
    place = next(place for place, tag in enumerate(late) if tag is config)
    sent = sorted([*late[:place], *pictures[: 8000 // 40]], key=lambda tag: tag.time)
    sent += late[place : place + 11] + sorted([*late[place + 11 :], *pictures[8000 // 40 :]], key=lambda tag: tag.time)
    _, tags = through({AUDIO, VIDEO}, VIDEO, sent)
    assert [tag.time for tag in tags] == sorted(tag.time for tag in tags)
    assert len(tags) == len(sent) - 10 and sum(tag.is_config for tag in tags) == 1


def test_a_picture_of_which_nothing_came_is_waited_for_no_longer_than_sound():
    early, late = run(AUDIO, range(0, 8000, 20)), run(VIDEO, range(6000, 8000, 40))
    mixed = sorted([*early, *late], key=lambda tag: tag.time)
    now, tags = through({AUDIO, VIDEO}, VIDEO, mixed, leader_comes=False)
    assert now[0].time == 0 and len(tags) == len(early) + len(late)


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
