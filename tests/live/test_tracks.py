"""Where one part of a broadcast ends and the next begins: tags in, tags of parts out."""

from __future__ import annotations

from fastpix.live.rtmp import flv
from fastpix.live.tracks import LONGEST_WAIT, MOST_WAITING, Splitter

PICTURE, SMALL, SOUND, MONO = (
    flv.h264_config(b"720p"),
    flv.h264_config(b"360p"),
    b"\xaf\x00\x11\x90",
    b"\xaf\x00\x11\x88",
)
SCRIPT = (flv.DATA, 0, b"script")


def video(at, *, key=False):
    return flv.VIDEO, at, flv.h264_picture(b"%d" % at, 0, key)


def audio(at):
    return flv.AUDIO, at, flv.aac_frame(b"%d" % at)


def configs(*payloads, at=0):
    return [(flv.AUDIO if payload[0] == 0xAF else flv.VIDEO, at, payload) for payload in payloads]


def parts(tags, missing=None):
    """The parts that tags make: the kinds of their tracks, and their tags. `missing`: what stopped, by the place of a tag."""
    splitter, made = Splitter(), []
    outcomes = [splitter.take(tag, (missing or {}).get(place, frozenset())) for place, tag in enumerate(tags)]
    for outcome in [*outcomes, splitter.flush()]:
        if outcome.begins:
            made.append((set(outcome.begins), []))
        for tag in outcome.tags:
            made[-1][1].append(tag)
    return made


def test_both_tracks_make_one_part_in_which_nothing_lacks():
    tags = [audio(0), audio(20), video(30, key=True), audio(40), video(70)]
    (made,) = parts([SCRIPT, *configs(PICTURE, SOUND), *tags])
    assert made == ({flv.AUDIO, flv.VIDEO}, [SCRIPT, *configs(SOUND, PICTURE), *tags])


def test_what_is_announced_and_never_comes_is_no_track():
    tags = [video(0, key=True), *(video(at) for at in range(40, 3 * LONGEST_WAIT, 40))]
    assert parts([*configs(PICTURE, SOUND), *tags]) == [({flv.VIDEO}, [*configs(PICTURE), *tags])]


def test_the_other_track_is_waited_for_no_longer_than_a_segment_or_much_memory():
    splitter = Splitter()
    waiting = [*configs(PICTURE), video(0, key=True), video(LONGEST_WAIT - 1)]
    assert [splitter.take(tag).tags for tag in waiting] == [[], [], []]
    assert len(splitter.take(video(LONGEST_WAIT)).tags) == 4
    large = flv.VIDEO, 0, b"\x17\x01" + bytes(MOST_WAITING)
    assert [len(splitter.take(tag).tags) for splitter in [Splitter()] for tag in [*configs(PICTURE), large]] == [0, 2]


def test_sound_that_begins_late_begins_a_part_with_the_next_keyframe():
    before = [video(at, key=at % 2000 == 0) for at in range(0, 6000, 500)]
    after = [video(6000, key=True), audio(6010), video(6500)]
    made = parts([*configs(PICTURE), *before[:-1], *configs(SOUND), audio(5200), audio(5300), before[-1], *after])
    assert made == [
        ({flv.VIDEO}, [*configs(PICTURE), *before]),
        ({flv.AUDIO, flv.VIDEO}, [*configs(SOUND, PICTURE, at=6000), *after]),
    ]


def test_a_picture_that_begins_late_begins_a_part_at_once():
    before = [audio(at) for at in range(0, 5000, 20)]
    after = [video(5000, key=True), audio(5000), video(5040)]
    made = parts([*configs(SOUND), *before, *configs(PICTURE), video(4990), *after])
    assert made == [
        ({flv.AUDIO}, [*configs(SOUND), *before]),
        ({flv.AUDIO, flv.VIDEO}, [*configs(SOUND, PICTURE, at=5000), *after]),
    ]


def test_another_size_begins_a_part_and_the_same_one_again_does_not():
    tags = [video(0, key=True), audio(0)]
    again = [*configs(PICTURE, SOUND, at=40), video(40, key=True)]
    other = [*configs(SMALL, at=80), audio(80), video(80, key=True), audio(90)]
    made = parts([SCRIPT, *configs(PICTURE, SOUND), *tags, *again, *other])
    assert made == [
        ({flv.AUDIO, flv.VIDEO}, [SCRIPT, *configs(SOUND, PICTURE), *tags, video(40, key=True), audio(80)]),
        (
            {flv.AUDIO, flv.VIDEO},
            [(flv.DATA, 80, b"script"), *configs(SOUND, SMALL, at=80), video(80, key=True), audio(90)],
        ),
    ]


def test_another_kind_of_sound_without_a_picture_begins_a_part_at_once():
    made = parts([*configs(SOUND), audio(0), audio(LONGEST_WAIT), *configs(MONO), audio(3000)])
    assert made[1:] == [({flv.AUDIO}, [*configs(MONO, at=3000), audio(3000)])]


def test_a_change_before_the_first_part_began_loses_nothing():
    made = parts([*configs(PICTURE), video(0, key=True), *configs(SMALL), video(40, key=True), video(80)])
    assert [tags[1:] for _, tags in made] == [[video(0, key=True)], [video(40, key=True), video(80)]]


def test_what_cannot_be_decoded_is_left_out():
    assert parts([video(0, key=True), audio(0)]) == []


def test_a_picture_that_is_gone_leaves_a_part_of_sound_until_its_next_keyframe():
    begin = [*configs(PICTURE, SOUND), video(0, key=True), audio(0), audio(1000)]
    alone = [audio(1020), audio(1040)]
    tags = [*begin, *alone, video(1100), video(2000, key=True), audio(2000)]
    gone = dict.fromkeys(range(len(begin), len(begin) + len(alone)), frozenset({flv.VIDEO}))
    assert parts(tags, gone) == [
        ({flv.AUDIO, flv.VIDEO}, [*configs(SOUND, PICTURE), video(0, key=True), audio(0), audio(1000)]),
        ({flv.AUDIO}, [*configs(SOUND, at=1020), *alone]),
        ({flv.AUDIO, flv.VIDEO}, [*configs(SOUND, PICTURE, at=2000), video(2000, key=True), audio(2000)]),
    ]


def test_a_picture_that_is_gone_again_before_its_keyframe_begins_no_other_part():
    begin = [*configs(PICTURE, SOUND), video(0, key=True), audio(0)]
    alone = [audio(6000), video(6010), audio(12_000), audio(12_020)]
    gone = dict.fromkeys((len(begin), len(begin) + 2, len(begin) + 3), frozenset({flv.VIDEO}))
    made = parts([*begin, *alone], gone)
    assert [kinds for kinds, _ in made] == [{flv.AUDIO, flv.VIDEO}, {flv.AUDIO}]
    assert made[1][1] == [*configs(SOUND, at=6000), audio(6000), audio(12_000), audio(12_020)]


def test_sound_that_is_gone_leaves_a_part_of_pictures_from_the_next_keyframe_on():
    begin = [*configs(PICTURE, SOUND), video(0, key=True), audio(0)]
    tags = [*begin, video(6000), video(6040, key=True), video(6080), audio(8000), video(8040, key=True), audio(8050)]
    gone = dict.fromkeys(range(len(begin), len(begin) + 3), frozenset({flv.AUDIO}))
    assert parts(tags, gone) == [
        ({flv.AUDIO, flv.VIDEO}, [*configs(SOUND, PICTURE), video(0, key=True), audio(0), video(6000)]),
        ({flv.VIDEO}, [*configs(PICTURE, at=6040), video(6040, key=True), video(6080)]),
        ({flv.AUDIO, flv.VIDEO}, [*configs(SOUND, PICTURE, at=8040), video(8040, key=True), audio(8050)]),
    ]
