"""Files as people really have them: joined, cut off, with fonts in them, with sounds in halves; and a reader that dies."""

from __future__ import annotations

import io
import logging
import signal
import struct

import av
import pytest

from fastpix.video import package, probe_spans
from fastpix.video import plan as planning
from fastpix.video import probe as probing
from fastpix.video.datatypes import Unplayable, Wish
from fastpix.video.pipeline import process
from fastpix.video.probe import probe
from tests.video.clips import H264, clip, colour, picture, tone
from tests.video.flashes import GRANTED, own_times
from tests.video.flashes import picture as flashing
from tests.video.flashes import sound as beeping
from tests.video.packages import levels

pytestmark = pytest.mark.full("ffmpeg makes each file, and reads what was made of it")
AAC = ("-c:a", "aac")


@pytest.fixture(scope="module")
def fragmented(make_clip):
    film = (*picture(seconds=8), *tone(8), *H264, "-g", "30", *AAC)
    return make_clip("recorder.mp4", *film, "-movflags", "+frag_keyframe+empty_moov")


def made(source, folder, **wish):
    """What the whole pipeline makes of it."""
    folder.mkdir()
    return process(source, folder, probe(source), Wish(**wish), lambda _share: None, lambda: False)


def die_by(number, tmp_path, monkeypatch):
    child = tmp_path / "child.py"
    child.write_text(
        f"import os, sys; sys.stderr.write('Assertion failed'); sys.stderr.flush(); os.kill(os.getpid(), {number:d})"
    )
    monkeypatch.setattr(probing, "CHILD", str(child))


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL])
def test_where_our_reader_dies_ffmpeg_reads_and_the_log_says_so(
    fragmented, tmp_path, monkeypatch, caplog, each_ffmpeg, number
):
    by_us = probe(fragmented)
    die_by(number, tmp_path, monkeypatch)
    with caplog.at_level(logging.WARNING, logger="fastpix.video"):
        by_ffmpeg = probe(fragmented)
    assert number.name in caplog.text
    assert "Assertion failed" in caplog.text
    for name in (
        "codec",
        "width",
        "height",
        "pixel_format",
        "rotation",
        "is_interlaced",
        "is_hdr",
        "pixel_aspect",
        "colours",
    ):
        assert getattr(by_ffmpeg.video, name) == getattr(by_us.video, name), name
    assert by_ffmpeg.duration == pytest.approx(by_us.duration, abs=0.05)
    assert by_ffmpeg.video.frame_rate == pytest.approx(by_us.video.frame_rate, abs=0.01)
    assert [(a.index, a.codec, a.channels, a.sample_rate) for a in by_ffmpeg.audio] == [(1, "aac", 1, 44100)]
    assert not planning.plan(by_ffmpeg, Wish()).is_copy, "too little is known of it"


def test_where_ffmpeg_sees_no_picture_either_the_file_is_not_blamed(make_clip, tmp_path, monkeypatch, each_ffmpeg):
    whole = bytearray(make_clip("plain.mp4", *picture(), *H264).read_bytes())
    start, end = whole.index(b"mdat") + 4, whole.index(b"moov") - 4
    whole[start:end] = bytes(end - start)
    (tmp_path / "source").write_bytes(whole)
    die_by(signal.SIGABRT, tmp_path, monkeypatch)
    with pytest.raises(Unplayable) as refusal:
        probe(tmp_path / "source")
    assert str(refusal.value) == probing.BROKE


@pytest.fixture
def upright(make_clip, tmp_path, ffmpeg):
    """A film as telephones write it. Made by the ffmpeg that comes along: an old one cannot write that."""
    lying = make_clip("lying.mp4", *picture(seconds=2), *H264)
    return clip(tmp_path, "upright.mp4", "-display_rotation", "90", "-i", str(lying), "-c", "copy")


def test_what_was_read_by_ffmpeg_plays(upright, tmp_path, monkeypatch, each_ffmpeg):
    die_by(signal.SIGABRT, tmp_path, monkeypatch)
    result = made(upright, tmp_path / "made")
    assert (result.renditions[0].width, result.renditions[0].height) == (180, 320)
    assert result.duration == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("ending", ["ts", "vob"])
def test_two_recordings_joined_by_cat_are_as_long_as_both(make_clip, tmp_path, each_ffmpeg, ending):
    kinds = {"ts": (*H264, *AAC), "vob": ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "vob")}
    film = (*picture(seconds=4), *tone(4), *kinds[ending])
    parts = [
        make_clip(f"{n}.{ending}", *film, "-output_ts_offset", str(offset)) for n, offset in enumerate((3600, 10, 7000))
    ]
    joined = tmp_path / f"joined.{ending}"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    facts = probe(joined)
    assert facts.duration == pytest.approx(12, abs=0.3)
    assert facts.is_rough
    assert made(joined, tmp_path / "made").duration == pytest.approx(12, abs=0.7)


def test_a_film_with_forty_fonts_has_two_tracks(make_clip, tmp_path, each_ffmpeg):
    (tmp_path / "font.ttf").write_bytes(b"font")
    film = make_clip("plain.mkv", *picture(), *tone(), *H264, *AAC)
    fonts = [word for _ in range(40) for word in ("-attach", str(tmp_path / "font.ttf"))]
    kinds = [word for n in range(40) for word in (f"-metadata:s:t:{n}", "mimetype=application/x-truetype-font")]
    source = clip(tmp_path, "fonts.mkv", "-i", str(film), "-c", "copy", *fonts, *kinds)
    assert probe(source).video
    assert made(source, tmp_path / "made").duration == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("name", "arguments", "container"),
    [
        ("a.aiff", tone(2), "aiff"),
        ("a.caf", tone(2), "caf"),
        ("a.w64", tone(2), "w64"),
        (
            "a.dv",
            (
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=720x576:r=25:d=2",
                "-f",
                "lavfi",
                "-i",
                "sine=d=2:r=48000",
                "-ac",
                "2",
                "-pix_fmt",
                "yuv420p",
            ),
            "dv",
        ),
        ("slides.mp4", (*colour("64x64", rate="1/10", seconds=40), *H264), "mp4"),
        ("racing.mp4", (*colour("64x64", rate=300, seconds=2), *H264), "mp4"),
    ],
)
def test_further_kinds_of_files_play(make_clip, tmp_path, each_ffmpeg, name, arguments, container):
    source = make_clip(name, *arguments)
    facts = probe(source)
    assert facts.container == container
    assert made(source, tmp_path / "made").duration == pytest.approx(facts.duration, abs=0.2)


def test_bursts_of_a_rate_that_varies_stay_smooth(tmp_path, each_ffmpeg):
    picked = "testsrc2=s=320x180:r=60:d=20,select='lt(mod(t\\,10)\\,2)+not(mod(n\\,32))'"
    source = clip(tmp_path, "bursts.mp4", "-f", "lavfi", "-i", picked, "-fps_mode", "vfr", "-c:v", "mpeg4")
    facts = probe(source)
    assert facts.video.frame_rate == 60
    result = made(source, tmp_path / "made")
    assert result.renditions[0].frame_rate == 60
    steady = probe(clip(tmp_path, "steady.mkv", *picture(rate="30000/1001", seconds=3), *H264))
    assert steady.video.frame_rate == pytest.approx(29.97, abs=0.01), "Matroska rounds times to milliseconds"


@pytest.mark.parametrize(
    ("gaps", "rate"),
    [
        ([1 / 30] * 60, 30),
        ([0.033, 0.034, 0.033] * 30, 30),
        ([1 / 60] * 20 + [0.5] * 40, 60),
        ([1 / 30] * 59 + [0.001], 30),  # one pair that comes early is no burst
        ([0.1] * 5, None),
    ],
)
def test_a_burst_is_more_than_a_pair(gaps, rate):
    stamps = [sum(gaps[:n]) for n in range(len(gaps) + 1)]
    burst = probe_spans.burst_rate(stamps)
    assert burst == (rate if rate is None else pytest.approx(rate, rel=0.02))


@pytest.mark.parametrize("is_video", [True, False])
def test_two_mono_sounds_are_left_and_right_of_one(make_clip, tmp_path, each_ffmpeg, is_video):
    """The left microphone was off: whoever takes the first sound alone hears nothing."""
    inputs = (*picture(), "-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono:d=2", "-f", "lavfi", "-i", "sine=d=2:r=48000")
    maps = ("-map", "0", *H264) if is_video else ()
    source = make_clip("camera.mov", *inputs, *maps, "-map", "1", "-map", "2", "-c:a", "pcm_s16le", "-t", "2")
    result = made(source, tmp_path / "made")
    assert result.notices == ()
    left, right = levels(tmp_path / "made")
    assert left < 0.01
    assert right > 0.05


def test_of_four_mono_sounds_the_first_two_are_left_and_right(make_clip, tmp_path, each_ffmpeg):
    """As a camera writes MXF. Two of four are left out, and that is said."""
    silent = ("-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono:d=2")
    maps = [word for index in (0, 1, 2, 1, 1) for word in ("-map", str(index))]
    kinds = ("-c:v", "mpeg2video", "-c:a", "pcm_s16le", "-t", "2")
    source = make_clip("camera.mxf", *picture(rate=25), *silent, "-f", "lavfi", "-i", "sine=d=2:r=48000", *maps, *kinds)
    result = made(source, tmp_path / "made")
    left, right = levels(tmp_path / "made")
    assert (left < 0.01, right > 0.05) == (True, True)
    (notice,) = result.notices
    assert "2 further sounds (und, und), left out here" in notice


def test_the_default_sound_is_heard_and_what_is_left_out_is_said(make_clip, tmp_path, each_ffmpeg):
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    source = clip(
        tmp_path,
        "languages.mkv",
        *(*picture(), "-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo:d=2", "-f", "lavfi", "-i", "sine=d=2"),
        *(
            "-i",
            str(tmp_path / "words.srt"),
            "-map",
            "0",
            "-map",
            "1",
            "-map",
            "2",
            "-map",
            "3",
            *H264,
            *AAC,
            "-c:s",
            "srt",
        ),
        *("-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng", "-metadata:s:s:0", "language=fre"),
        *("-disposition:a:0", "0", "-disposition:a:1", "default", "-shortest"),
    )
    assert [sound.language for sound in probe(source).audio] == ["eng", "ger"]
    result = made(source, tmp_path / "made")
    assert max(levels(tmp_path / "made")) > 0.05
    (notice,) = result.notices
    assert "1 further sound (ger) and 1 track of subtitles (fre), left out here" in notice


OPEN = ("-x264-params", "open-gop=1:bframes=3:keyint=25:min-keyint=25:scenecut=0")
CLOSED = ("-x264-params", "bframes=3:keyint=25:min-keyint=25:scenecut=0")


@pytest.mark.parametrize("ending", ["ts", "mp4", "mkv"])
def test_groups_of_pictures_that_cannot_be_begun_with_are_not_copied(make_clip, tmp_path, ending):
    """After a jump to one of them, Chromium's decoder fails for good."""
    for number, (groups, kind) in enumerate(((OPEN, "ladder"), (CLOSED, "copy"))):
        # Through a TS: what is written there says of no picture that it can be begun with.
        whole = make_clip(f"{number}.ts", *picture(seconds=4), "-c:v", "libx264", "-pix_fmt", "yuv420p", *groups)
        facts = probe(clip(tmp_path, f"{number}.{ending}", "-i", str(whole), "-c", "copy"))
        assert (facts.video.is_open, planning.plan(facts, Wish()).kind) == (groups == OPEN, kind)


@pytest.mark.parametrize("flags", ["+faststart", "+frag_keyframe+delay_moov"])
def test_what_an_edit_list_hides_is_not_published(make_clip, tmp_path, each_ffmpeg, flags):
    whole = make_clip("whole.mp4", *flashing(), *beeping(), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "75", *AAC)
    source = clip(tmp_path, "trimmed.mp4", "-ss", "1.2", "-i", str(whole), "-c", "copy", "-movflags", flags)
    result = made(source, tmp_path / "made")
    assert not result.is_copy
    assert (probe(source).duration, result.duration) == pytest.approx((6.8, 6.8), abs=0.1)
    rendition = package.read(tmp_path / "made" / result.renditions[0].name)
    flashes, beeps = own_times(package.join(rendition, tmp_path / "joined.mp4"))
    assert [round(at - flashes[0], 1) for at in flashes] == [0, 1.6, 3.6, 5.0]
    assert beeps == pytest.approx(flashes, abs=GRANTED)


def test_what_an_edit_list_hides_of_sound_alone_is_not_published(make_clip, tmp_path):
    """A phone's memo, trimmed there: the beginning is still in the file."""
    data = bytearray(make_clip("memo.m4a", *tone(4), *AAC).read_bytes())
    entry = data.index(b"elst") + 12  # behind its version and the count of entries, ISO/IEC 14496-12, 8.6.6
    length, begins = struct.unpack_from(">Ii", data, entry)
    rate = av.open(io.BytesIO(data)).streams.audio[0].rate
    units = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)[0]  # a second of the length
    struct.pack_into(">Ii", data, entry, length - units // 2, begins + rate // 2)
    source = tmp_path / "trimmed.m4a"
    source.write_bytes(data)
    result = made(source, tmp_path / "made")
    assert not result.is_copy
    assert result.duration == pytest.approx(3.5, abs=0.1)
