"""The plan: what is copied, what is encoded and how large, without touching a file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.video import arguments, run
from fastpix.video.colours import Colours
from fastpix.video.datatypes import AudioFacts, Facts, Unplayable, VideoFacts, Wish
from fastpix.video.plan import plan, rungs

VIDEO = VideoFacts(
    index=0,
    codec="h264",
    profile="High",
    level=40,
    pixel_format="yuv420p",
    width=1920,
    height=1080,
    frame_rate=30.0,
    longest_gop=2.0,
    bit_rate=8_000_000,
)
AUDIO = AudioFacts(index=1, codec="aac", profile="LC", channels=2, sample_rate=48000)
FACTS = Facts(container="mp4", duration=60.0, size=60_000_000, video=VIDEO, audio=(AUDIO,))


def facts(**changes):
    return replace(FACTS, video=replace(VIDEO, **changes))


def names(video, max_height=2160):
    return [rung.name for rung in rungs(video, max_height)]


def test_a_video_that_browsers_play_is_copied():
    planned = plan(FACTS, Wish())
    assert (planned.kind, planned.copies_audio, planned.rungs) == ("copy", True, ())


@pytest.mark.parametrize("container", ["mp4", "flv", "mpegts", "matroska"])
def test_the_container_does_not_matter_where_its_times_are_known(container):
    assert plan(replace(FACTS, container=container), Wish()).kind == "copy"


@pytest.mark.parametrize(
    "change",
    [
        {"codec": "hevc"},
        {"profile": "High 10"},
        {"profile": "High 4:4:4 Predictive"},
        {"level": 50},
        {"level": -99},
        {"pixel_format": "yuv420p10le"},
        {"pixel_format": "yuvj420p"},
        {"is_hdr": True},
        {"width": 2560, "height": 1080},
        {"width": 1280, "height": 1200},
        {"width": 641, "height": 360},
        {"width": 640, "height": 359},
        {"rotation": 90},
        {"pixel_aspect": 16 / 11},
        {"is_interlaced": True},
        {"hidden": 1},
        {"is_open": True},
        {"colours": Colours(9, 14, 9)},
        {"colours": Colours(12, 1, 1)},
        {"colours": Colours(2, 2, 7)},
        {"colours": Colours(1, 1, 8)},
        {"longest_gop": 10.5},
        {"longest_gop": None},
        {"bit_rate": 10_000_001},
        {"frame_rate": 120.0},
    ],
    ids=str,
)
def test_each_condition_of_copying_is_asked(change):
    assert plan(facts(**change), Wish()).kind == "ladder"


@pytest.mark.parametrize(
    ("sound", "picture", "copied"),
    [
        ({}, {}, ("copy", True)),
        ({"begins": 0.09}, {}, ("copy", True)),
        ({"begins": 0.4}, {}, ("copy", False)),  # a player begins where both are there
        ({}, {"begins": 0.3}, ("copy", True)),
        ({}, {"begins": 1.5}, ("ladder", False)),
        ({"strays": 0.02}, {}, ("copy", True)),
        ({"strays": 6.0}, {}, ("copy", False)),  # it would play on, and hear the rest too early
        ({"ends": 59.7}, {"ends": 60.0}, ("copy", True)),
        ({"ends": 50.0}, {"ends": 60.0}, ("copy", False)),  # it would wait there for ever
        ({"ends": 60.0}, {"ends": 50.0}, ("copy", True)),
        ({"changes": True}, {}, ("copy", False)),
        ({"hidden": 3}, {}, ("copy", True)),  # of the encoder
        ({"hidden": 4}, {}, ("copy", False)),
        ({}, {"changes": True}, ("ladder", False)),
    ],
    ids=str,
)
def test_sound_is_copied_where_it_keeps_to_the_picture(sound, picture, copied):
    facts = replace(FACTS, video=replace(VIDEO, **picture), audio=(replace(AUDIO, **sound),))
    planned = plan(facts, Wish())
    assert (planned.kind, planned.copies_audio) == copied
    is_encoded = sound.get("changes") or sound.get("hidden")
    assert planned.refits_audio is (copied == ("copy", False) and not is_encoded)


def test_silence_is_put_where_sound_lacks_and_nowhere_else():
    def filters(sound, picture):
        facts = replace(FACTS, video=replace(VIDEO, ends=60.0, **picture), audio=(replace(AUDIO, **sound),))
        return " ".join(arguments.encode(Path("/source"), plan(facts, Wish(), may_copy=False), can_tonemap=True))

    assert "first_pts" not in filters({"ends": 60.0}, {}) and "apad" not in filters({"ends": 60.0}, {})
    assert "first_pts=0" in filters({"begins": 3.0}, {})
    assert "apad=whole_dur=60.000,atrim=end=60.000" in filters({"ends": 50.0}, {})
    assert "fps=30/1:start_time=0" in filters({}, {"begins": 1.5})
    assert "pad=" not in filters({}, {}) and "pad=1920:1080" in filters({}, {"changes": True})


def test_times_of_avi_are_not_trusted():
    assert plan(replace(FACTS, container="avi"), Wish()).kind == "ladder"


def test_where_the_bit_rate_is_not_said_the_size_tells():
    assert plan(facts(bit_rate=None), Wish()).kind == "copy"
    assert plan(replace(facts(bit_rate=None), size=90_000_000), Wish()).kind == "ladder"


@pytest.mark.parametrize("change", [{"codec": "mp3"}, {"profile": "HE-AAC"}, {"channels": 6}], ids=str)
def test_sound_that_browsers_do_not_play_is_encoded_beside_the_copied_picture(change):
    planned = plan(replace(FACTS, audio=(replace(AUDIO, **change),)), Wish())
    assert (planned.kind, planned.copies_audio) == ("copy", False)


def test_sound_that_is_to_be_louder_is_encoded_beside_the_copied_picture():
    planned = plan(FACTS, Wish(normalize_audio=True))
    assert (planned.kind, planned.copies_audio) == ("copy", False)
    assert "loudnorm" in " ".join(arguments.encode(Path("/source"), planned, can_tonemap=True))


def test_a_copy_is_never_larger_than_asked_for():
    assert plan(FACTS, Wish(max_height=1080)).kind == "copy"
    planned = plan(FACTS, Wish(max_height=720))
    assert (planned.kind, [rung.name for rung in planned.rungs]) == ("ladder", ["720p", "360p"])


def test_a_part_is_encoded_and_begins_where_it_was_asked():
    planned = plan(FACTS, Wish(start=10.5, end=30))
    words = arguments.encode(Path("/source"), planned, can_tonemap=True)
    assert (planned.kind, planned.seconds) == ("ladder", 19.5)
    assert words.index("-ss") < words.index("-i") < words.index("-t")
    assert (words[words.index("-ss") + 1], words[words.index("-t") + 1]) == ("10.500", "19.500")


def test_an_end_behind_the_end_is_the_end():
    assert plan(FACTS, Wish(start=0, end=600)).kind == "copy"


def test_what_is_not_to_be_shown_at_the_beginning_is_left_out_and_not_counted():
    hidden = replace(FACTS, lead=2.0)
    planned = plan(hidden, Wish())
    words = arguments.encode(Path("/source"), planned, can_tonemap=True)
    assert (planned.kind, words[words.index("-ss") + 1], planned.seconds) == ("ladder", "2.000", 60.0)
    assert plan(hidden, Wish(start=3)).start == 5.0
    assert not plan(replace(hidden, video=None), Wish()).copies_audio


@pytest.mark.parametrize("wish", [Wish(start=60), Wish(start=20, end=20), Wish(start=20, end=10), Wish(end=0)], ids=str)
def test_a_part_that_is_not_there_is_refused_with_a_sentence(wish):
    with pytest.raises(Unplayable, match="time"):
        plan(FACTS, wish)


def test_sound_alone_is_copied_or_encoded():
    sound = replace(FACTS, container="mp3", video=None)
    assert plan(sound, Wish()).is_copy
    assert not plan(replace(sound, audio=(replace(AUDIO, codec="mp3"),)), Wish()).is_copy
    assert not plan(sound, Wish(end=5)).is_copy
    with pytest.raises(Unplayable):
        plan(replace(sound, audio=()), Wish())


@pytest.mark.parametrize(
    ("size", "max_height", "expected"),
    [
        ((3840, 2160), 2160, ["2160p", "1440p", "1080p", "720p", "360p"]),
        ((3840, 2160), 1080, ["1080p", "720p", "360p"]),
        ((1920, 1080), 2160, ["1080p", "720p", "360p"]),
        ((1280, 720), 1080, ["720p", "360p"]),
        ((854, 480), 1080, ["480p", "360p"]),
        ((1920, 1080), 480, ["480p", "360p"]),
        ((640, 360), 1080, ["360p"]),
        ((641, 359), 1080, ["358p"]),
        ((320, 180), 1080, ["180p"]),
        ((1080, 1920), 720, ["720p", "360p"]),
    ],
    ids=str,
)
def test_rungs_go_up_to_the_source_and_the_wish(size, max_height, expected):
    assert names(replace(VIDEO, width=size[0], height=size[1]), max_height) == expected


def test_portrait_is_measured_by_its_short_side():
    top = rungs(replace(VIDEO, width=1080, height=1920), 720)[0]
    assert (top.width, top.height) == (720, 1280)


@given(
    width=some.integers(16, 8192), height=some.integers(16, 8192), most=some.sampled_from([360, 480, 720, 1080, 2160])
)
def test_no_rung_is_larger_than_the_source_odd_or_out_of_shape(width, height, most):
    ladder = rungs(replace(VIDEO, width=width, height=height), most)
    assert len({rung.name for rung in ladder}) == len(ladder) >= 1
    for rung in ladder:
        assert rung.width % 2 == rung.height % 2 == 0
        assert 2 <= rung.width <= width and 2 <= rung.height <= height
        assert min(rung.width, rung.height) <= most
        # Rounding to even costs at most two pixels, in either side.
        assert abs(rung.width * height - rung.height * width) <= 2 * (width + height)


def test_broadcast_rates_stay_what_they_are_and_high_ones_are_halved_to_sixty():
    assert plan(facts(frame_rate=30000 / 1001, codec="vp9"), Wish()).frame_rate == Fraction(30000, 1001)
    assert plan(facts(frame_rate=23.976, codec="vp9"), Wish()).frame_rate == Fraction(24000, 1001)
    assert plan(facts(frame_rate=120.0, codec="vp9"), Wish()).frame_rate == 60


def graph(**changes):
    planned = plan(facts(**{"codec": "hevc", **changes}), Wish())
    words = arguments.encode(Path("/source"), planned, can_tonemap=True)
    return words[words.index("-filter_complex") + 1]


def test_filters_are_there_when_they_are_needed_and_only_then():
    assert "bwdif" in graph(is_interlaced=True) and "tonemap" in graph(is_hdr=True)
    assert "bwdif" not in graph() and "tonemap" not in graph()
    assert "fps=30/1" in graph() and "split=3" in graph()


def test_an_ffmpeg_that_cannot_map_hdr_converts_it_plainly():
    planned = plan(facts(is_hdr=True), Wish())
    assert "zscale" not in " ".join(arguments.encode(Path("/source"), planned, can_tonemap=False))


@pytest.mark.parametrize("wish", [Wish(), Wish(max_height=720), Wish(start=3)], ids=str)
def test_every_input_is_hardened_and_threads_are_counted(wish):
    words = arguments.encode(Path("/source"), plan(FACTS, wish), can_tonemap=True)
    at = words.index("-i")
    assert tuple(words[at - len(run.HARD) : at]) == run.HARD
    assert "-sn" in words and "-dn" in words and words[words.index("-map_metadata") + 1] == "-1"
    assert wish == Wish() or "-threads" in words[at:]


def test_the_budget_grows_with_the_length_and_with_the_picture():
    plain = arguments.limits(FACTS, plan(FACTS, Wish()))
    assert plain.cpu_seconds == 60 + 6 * 60
    large = facts(width=3840, height=2160, frame_rate=60.0)
    assert arguments.limits(large, plan(large, Wish())).cpu_seconds == 60 + 6 * 60 * 8
