"""A picture without sound has silence, and its own sound from where it comes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fastpix.live.gaps import Gaps, SilenceBudget
from fastpix.live.rtmp import flv
from fastpix.live.soundless import STEREO, Soundless
from fastpix.live.tracks import LONGEST_WAIT, MOST_WAITING, Splitter

FRAME = 1024 / 48  # ms
PICTURE = flv.VIDEO, 0, flv.h264_config(b"720p")
MONO, HE_AAC = flv.aac_config(bytes.fromhex("1188")), flv.aac_config(bytes.fromhex("2b11"))
SILENT = flv.aac_frame(bytes.fromhex("211004608c1c"))


def pictures(begin, end):
    return [(flv.VIDEO, at, flv.h264_picture(b"%d" % at, 0, at % 2000 == 0)) for at in range(begin, end, 40)]


def sound(begin, end, config=None):
    count = int((end - begin) / FRAME)
    head = [(flv.AUDIO, begin, config)] if config else []
    return head + [(flv.AUDIO, begin + round(number * FRAME), flv.aac_frame(b"heard")) for number in range(count)]


def mixed(*runs):
    return sorted((tag for run in runs for tag in run), key=lambda tag: tag[1])


def through(tags):
    soundless, found = Soundless(), []
    for tag in tags:
        found += soundless.take(tag)
    return found + soundless.flush()


def parts(tags):
    """The parts of a broadcast that is made of these tags: of each its kinds, and its tags."""
    soundless, gaps, splitter, made = Soundless(), Gaps(), Splitter(), []
    outcomes = []
    for tag in tags:
        outcomes += [splitter.take(whole, gaps.missing) for one in soundless.take(tag) for whole in gaps.take(one)]
    outcomes += [splitter.take(whole) for one in soundless.flush() for whole in gaps.take(one)]
    outcomes += [splitter.take(tag) for tag in gaps.flush()]
    for outcome in [*outcomes, splitter.flush()]:
        if outcome.begins:
            made.append((set(outcome.begins), []))
        for tag in outcome.tags:
            made[-1][1].append(tag)
    return made


def times(tags, kind=flv.AUDIO):
    return [at for own, at, payload in tags if own == kind and payload[1] == 1]


def is_even(heard):
    return all(FRAME / 2 < after - before < FRAME * 1.6 for before, after in pairwise(heard))


def test_a_picture_alone_is_one_part_with_silence_as_long_as_it():
    sent = pictures(0, 9000)
    ((kinds, made),) = parts([PICTURE, *sent])
    assert kinds == {flv.AUDIO, flv.VIDEO} and [tag for tag in made if tag[0] == flv.VIDEO][1:] == sent
    heard = times(made)
    assert heard[0] == 0 and is_even(heard) and 8960 <= heard[-1] + FRAME < 8961 + FRAME
    assert {payload for kind, _, payload in made if kind == flv.AUDIO} == {STEREO, SILENT}
    assert sorted(made[2:], key=lambda tag: tag[1]) == made[2:]  # no track runs ahead of the other


@pytest.mark.parametrize("end", [40, 1000, LONGEST_WAIT + 40])
def test_however_short_it_is(end):
    ((kinds, made),) = parts([PICTURE, *pictures(0, end)])
    assert kinds == {flv.AUDIO, flv.VIDEO} and len(times(made, flv.VIDEO)) == end / 40


def test_sound_that_comes_in_time_is_waited_for_and_nothing_is_added():
    sent = mixed([PICTURE], pictures(0, 4000), sound(1900, 4000, MONO))
    assert through(sent) == sent


def test_sound_alone_stays_alone():
    sent = sound(0, 9000, STEREO)
    assert through(sent) == sent


def test_sound_that_comes_late_is_heard_from_the_next_keyframe_on():
    first, second = parts([PICTURE, *mixed(pictures(0, 12_000), sound(5000, 12_000, MONO))])
    assert first[0] == second[0] == {flv.AUDIO, flv.VIDEO}
    assert times(first[1], flv.VIDEO)[-1] == 5960 and times(second[1], flv.VIDEO)[0] == 6000
    assert is_even(times(first[1])) and 6000 <= times(first[1])[-1] + FRAME < 6001 + FRAME
    assert {payload for kind, _, payload in first[1] if kind == flv.AUDIO} == {STEREO, SILENT}
    assert {payload for kind, _, payload in second[1] if kind == flv.AUDIO} == {MONO, flv.aac_frame(b"heard")}
    assert times(second[1])[0] - 6000 <= FRAME


@pytest.mark.parametrize("announced", [0, 5000])
def test_late_sound_of_the_kind_that_the_silence_has_needs_no_other_part(announced):
    """Such as that of a phone which is muted when it begins."""
    config = [(flv.AUDIO, announced, STEREO)]
    ((_, made),) = parts([PICTURE, *mixed(config, pictures(0, 9000), sound(5000, 9000))])
    heard = [at for kind, at, payload in made if payload == flv.aac_frame(b"heard")]
    assert heard[0] - 5000 <= 2 * FRAME and len(heard) >= 4000 / FRAME - 3 and is_even(times(made))


def test_the_silence_is_of_the_kind_that_is_announced_where_that_is_known():
    mono, high = (parts([PICTURE, (flv.AUDIO, 0, config), *pictures(0, 4000)]) for config in (MONO, HE_AAC))
    assert [{payload for kind, _, payload in made if kind == flv.AUDIO} for _, made in mono] == [
        {MONO, flv.aac_frame(bytes.fromhex("01182007"))}
    ]
    assert [{payload for kind, _, payload in made if kind == flv.AUDIO} for _, made in high] == [{STEREO, SILENT}]
    _, second = parts([PICTURE, (flv.AUDIO, 0, HE_AAC), *mixed(pictures(0, 9000), sound(5000, 9000))])
    assert {payload for kind, _, payload in second[1] if kind == flv.AUDIO} == {HE_AAC, flv.aac_frame(b"heard")}


def test_sound_that_nobody_could_decode_is_none():
    ((_, made),) = parts([PICTURE, *mixed(pictures(0, 9000), sound(0, 9000))])
    assert {payload for kind, _, payload in made if kind == flv.AUDIO} == {STEREO, SILENT}


def test_what_waits_for_sound_is_little():
    soundless = Soundless()
    large = b"\x17\x01" + bytes(MOST_WAITING // 3)
    assert [len(soundless.take((flv.VIDEO, at, large))) for at in (0, 40, 80)][:2] == [0, 0]
    assert len(soundless.take((flv.VIDEO, 120, large))) >= 1


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def leaps(count, step=10_000):
    """Pictures of which each claims to come ten seconds after the one before, all sent at once."""
    return [PICTURE, *((flv.VIDEO, at, flv.h264_picture(b"x", 0, True)) for at in range(0, count * step, step))]


@pytest.mark.parametrize("begin", [[], sound(0, 100, MONO)], ids=["no sound at all", "sound that stops"])
def test_who_claims_hours_at_once_gets_a_minute_of_silence(begin):
    """Ten bytes that claimed ten seconds made a thousand tags: one encoder kept the ingest busy until others were cut off."""
    budget = SilenceBudget(Clock())
    soundless, gaps = Soundless(budget), Gaps(budget)
    made = [whole for tag in begin + leaps(2_000) for one in soundless.take(tag) for whole in gaps.take(one)]
    made += [whole for one in soundless.flush() for whole in gaps.take(one)] + gaps.flush()
    assert sum(kind == flv.VIDEO for kind, _, _ in made) == 2_001, "no picture is lost"
    assert len(made) - 2_001 <= 60_000 / FRAME + len(begin) + 2
    assert gaps.missing == ({flv.AUDIO} if begin or made else set())


def test_who_sends_in_its_time_has_silence_for_as_long_as_it_sends():
    clock = Clock()
    budget = SilenceBudget(clock)
    soundless, gaps, last = Soundless(budget), Gaps(budget), 0
    for tag in [PICTURE, *pictures(0, 300_000)]:
        clock.now = tag[1] / 1000
        last = max([at for one in soundless.take(tag) for kind, at, _ in gaps.take(one) if kind == flv.AUDIO] or [last])
    assert last > 299_000 and not budget.is_spent and not gaps.missing


def test_sound_that_comes_after_its_silence_was_used_up_is_told_as_its_encoder_tells_it():
    budget = SilenceBudget(Clock())
    soundless = Soundless(budget)
    for tag in leaps(100):
        soundless.take(tag)
    assert budget.is_spent
    later = [tag for each in sound(1_000_000, 1_000_100, MONO) for tag in soundless.take(each)]
    assert later[0] == (flv.AUDIO, 1_000_000, MONO) and len(later) == 1 + int(100 / FRAME)
