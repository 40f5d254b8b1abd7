"""Files as people send them become playback: every kind that we know of, made and played back by real programs."""

from __future__ import annotations

import random
import re
import subprocess
from array import array
from dataclasses import replace
from itertools import pairwise

import av
import pytest

from fastpix.video import complaints, pipeline, probe, run, tools
from fastpix.video.datatypes import Failed, Stopped, Unplayable, Wish
from tests.video.clips import H264, clip, picture, tone
from tests.video.packages import durations, make, played

AAC = ("-c:a", "aac", "-ac", "2")
X264 = ("-c:v", "libx264", "-preset", "ultrafast")
HDR = ("-vf", "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc")
INTERLACED = ("-vf", "setsar=16/11,tinterlace=interleave_top,fieldorder=tff", "-flags", "+ildct+ilme")
COVER = (
    "-f",
    "lavfi",
    "-i",
    "color=s=64x64:r=25:d=2",
    "-map",
    "0",
    "-map",
    "1",
    "-c:v",
    "mjpeg",
    "-disposition:v",
    "attached_pic",
)

# What is sent: its name, ffmpeg's arguments, and of what comes out: is it a copy, name, width, height, seconds, codecs.
VIDEO, BOTH, SOUND = r"avc1\.[0-9a-f]{6}", r"avc1\.[0-9a-f]{6},mp4a\.40\.2", r"mp4a\.40\.2"
ROWS = {
    "mp4": ("a.mp4", [*picture(), *tone(), *H264, *AAC], True, "source", 320, 180, 2.0, BOTH),
    "b_frames": ("a.mp4", [*picture(), *tone(), "-c:v", "libx264", "-pix_fmt", "yuv420p", *AAC], True, "source", 320, 180, 2.0, BOTH),
    "ts": ("a.ts", [*picture(), *tone(), *H264, *AAC], True, "source", 320, 180, 2.0, BOTH),
    "matroska": ("a.mkv", [*picture(), *tone(), *H264, *AAC], True, "source", 320, 180, 2.0, BOTH),
    "flv": ("a.flv", [*picture(), *tone(), *H264, *AAC], True, "source", 320, 180, 2.0, BOTH),
    "mp3_sound": ("a.mp4", [*picture(), *tone(), *H264, "-c:a", "libmp3lame"], True, "source", 320, 180, 2.0, BOTH),
    "surround": ("a.mp4", [*picture(), *tone(), *H264, "-c:a", "aac", "-ac", "6"], True, "source", 320, 180, 2.0, BOTH),
    "silent": ("a.mp4", [*picture(), *H264], True, "source", 320, 180, 2.0, VIDEO),
    "gop_of_6_s": ("a.mp4", [*picture("160x90", 10, 13), *H264, "-g", "60", "-sc_threshold", "0"], True, "source", 160, 90, 13.0, VIDEO),
    "vfr_matroska": ("a.mkv", [*picture(seconds=3), "-vf", "select='not(mod(n,3))+lt(t,1)'", *H264, "-fps_mode", "vfr"], True, "source", 320, 180, 2.9, VIDEO),
    "vfr_encoded": ("a.mkv", [*picture(seconds=3), "-vf", "select='not(mod(n,3))+lt(t,1)'", "-c:v", "mpeg4", "-fps_mode", "vfr"], False, "180p", 320, 180, 2.9, VIDEO),
    "sound_goes_on": ("a.mp4", [*picture(), *tone(4), *H264, *AAC], True, "source", 320, 180, 4.0, BOTH),
    "m4a": ("a.m4a", [*tone(), *AAC], True, "audio", 0, 0, 2.0, SOUND),
    "mp3": ("a.mp3", [*tone(), "-c:a", "libmp3lame"], False, "audio", 0, 0, 2.0, SOUND),
    "mp3_with_cover": ("a.mp3", [*tone(), *COVER, "-c:a", "libmp3lame"], False, "audio", 0, 0, 2.0, SOUND),
    "raw_aac": ("a.aac", [*tone(), *AAC], True, "audio", 0, 0, 2.0, SOUND),
    "odd_444": ("a.mp4", [*picture("641x359", seconds=1), *tone(1), *X264, "-pix_fmt", "yuv444p", *AAC], False, "358p", 640, 358, 1.0, BOTH),
    "10_bit_h264": ("a.mp4", [*picture(), *X264, "-pix_fmt", "yuv420p10le"], False, "180p", 320, 180, 2.0, VIDEO),
    "hdr": ("a.mp4", [*picture(), *HDR, *X264, "-pix_fmt", "yuv420p10le"], False, "180p", 320, 180, 2.0, VIDEO),
    "vp8_opus": ("a.webm", [*picture(), *tone(), "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"], False, "180p", 320, 180, 2.0, BOTH),
    "mpeg4_mp3": ("a.avi", [*picture(), *tone(), "-c:v", "mpeg4", "-c:a", "libmp3lame"], False, "180p", 320, 180, 2.0, BOTH),
    "interlaced_sar": ("a.mp4", [*picture("176x144", 50), *INTERLACED, *H264], False, "144p", 256, 144, 2.0, VIDEO),
}  # fmt: skip


QUICK = {"mp4", "mp3", "hdr", "vp8_opus"}  # copied, sound alone, made smaller in colours, encoded anew


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=name, marks=() if name in QUICK else pytest.mark.full("four stand for them all"))
        for name, row in ROWS.items()
    ],
)
def test_what_people_send_becomes_playback(row, make_clip, tmp_path):
    name, arguments, is_copy, rendition_name, width, height, seconds, codecs = row
    folder = tmp_path / "made"
    folder.mkdir()
    source = make_clip(name, *arguments)
    result = make(source, folder)
    (rendition,) = result.renditions
    assert (result.is_copy, result.notices, result.log) == (is_copy, (), ())
    assert (rendition.name, rendition.width, rendition.height) == (rendition_name, width, height)
    assert re.fullmatch(codecs, rendition.codecs)
    seen = played(folder / rendition_name, tmp_path)
    if width:
        assert (seen.video.width, seen.video.height, seen.video.codec) == (width, height, "h264")
        assert (seen.video.pixel_format, seen.video.is_hdr, seen.video.is_interlaced) == ("yuv420p", False, False)
        assert rendition.codecs[5:11] == avc_codec(folder / rendition_name)
    assert (seen.video is not None, len(seen.audio)) == (width > 0, "mp4a" in codecs)
    assert all((sound.codec, sound.profile, sound.channels <= 2) == ("aac", "LC", True) for sound in seen.audio)
    assert seen.duration == pytest.approx(seconds, abs=0.15)
    assert sum(durations(folder / rendition_name)) == pytest.approx(seconds, abs=0.15)
    assert result.duration == pytest.approx(sum(durations(folder / rendition_name)), abs=0.01)
    assert (result.has_poster, result.sprite is not None) == (width > 0, width > 0)
    assert result.size == run.folder_size(folder) >= rendition.size > 0


def avc_codec(rendition):
    """Profile, constraints and level as libav, not we, reads them out of the init segment."""
    with av.open(
        str(rendition / "init.mp4" if (rendition / "init.mp4").exists() else rendition / "init_0.mp4")
    ) as init:
        return init.streams.video[0].codec_context.extradata[1:4].hex()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    return folder


@pytest.fixture
def plain(make_clip):
    """A clip that may be copied."""
    return make_clip("plain.mp4", *picture(), *tone(), *H264, *AAC)


def test_hevc_with_ten_bits_becomes_h264_with_eight(make_clip, folder, tmp_path):
    if b"libx265" not in encoders():
        pytest.skip("this ffmpeg cannot write HEVC")
    arguments = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le")
    result = make(make_clip("a.mp4", *picture(seconds=1), *arguments), folder)
    assert [rendition.name for rendition in result.renditions] == ["180p"]
    assert played(folder / "180p", tmp_path).video.pixel_format == "yuv420p"


def encoders():
    return subprocess.run([tools.ffmpeg(), "-hide_banner", "-encoders"], capture_output=True, check=True).stdout


def test_a_turned_picture_is_turned_upright(make_clip, plain, folder, tmp_path):
    turned = clip(tmp_path, "turned.mp4", "-display_rotation", "90", "-i", str(plain), "-c", "copy")
    result = make(turned, folder)
    assert [(one.name, one.width, one.height) for one in result.renditions] == [("180p", 180, 320)]
    seen = played(folder / "180p", tmp_path).video
    assert (seen.width, seen.height, seen.rotation) == (180, 320, 0)


def test_of_two_sounds_the_first_is_kept(make_clip, folder, tmp_path):
    low, high = (("-f", "lavfi", "-i", f"sine=f={tone}:d=2") for tone in (200, 2000))
    maps = ("-map", "0", "-map", "1", "-map", "2")
    make(make_clip("two.mp4", *picture(), *low, *high, *maps, *H264, *AAC), folder)
    joined = tmp_path / "source.joined.mp4"
    assert len(played(folder / "source", tmp_path).audio) == 1
    assert 150 < pitch(joined) < 250


def samples(path):
    """The sound, decoded: 16-bit numbers of one channel, 8000 a second."""
    command = [
        tools.ffmpeg(),
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "0:a:0",
        "-ac",
        "1",
        "-ar",
        "8000",
        "-f",
        "s16le",
        "-",
    ]
    return array("h", subprocess.run(command, capture_output=True, check=True).stdout)


def pitch(path):
    """Hertz of the sound, from how often it crosses zero."""
    heard = samples(path)
    return sum(before < 0 <= after for before, after in pairwise(heard)) / (len(heard) / 8000)


def test_the_ladder_has_rungs_that_begin_their_segments_together(make_clip, folder, tmp_path, each_ffmpeg):
    source = make_clip(
        "a.avi", *picture("640x480", 5, 7), *tone(7), "-c:v", "mpeg4", "-q:v", "20", "-c:a", "libmp3lame"
    )
    shares = []
    result = make(source, folder, report=shares.append)
    assert [(one.name, one.width, one.height) for one in result.renditions] == [("480p", 640, 480), ("360p", 480, 360)]
    assert durations(folder / "480p") == pytest.approx(durations(folder / "360p"), abs=0.05)
    assert durations(folder / "480p")[0] == pytest.approx(6.0, abs=0.05)
    for rendition in result.renditions:
        seen = played(folder / rendition.name, tmp_path)
        assert (seen.video.width, seen.video.height) == (rendition.width, rendition.height)
        assert seen.video.longest_gop == pytest.approx(2.0, abs=0.2)
    assert result.renditions[0].bandwidth > result.renditions[1].bandwidth
    assert shares == sorted(shares) and shares[-1] == 1.0 and all(0 <= share <= 1 for share in shares)


def test_bandwidths_are_those_of_the_real_segments(make_clip, folder):
    result = make(make_clip("a.mp4", *picture("160x90", 10, 13), *H264, "-g", "60", "-sc_threshold", "0"), folder)
    (rendition,) = result.renditions
    sizes = [path.stat().st_size for path in sorted((folder / "source").glob("*.m4s"))]
    rates = [size * 8 / seconds for size, seconds in zip(sizes, durations(folder / "source"), strict=True)]
    assert len(rates) == 3
    # The last second is too short to be a peak (RFC 8216, 4.1).
    assert rendition.bandwidth == pytest.approx(max(rates[:2]), rel=0.01)
    assert rendition.average_bandwidth == pytest.approx(sum(sizes) * 8 / 13, rel=0.01)


def test_a_part_is_cut_out(plain, folder, tmp_path):
    result = make(plain, folder, Wish(start=0.5, end=1.5))
    assert (result.is_copy, result.duration) == (False, pytest.approx(1.0, abs=0.1))
    seen = played(folder / "180p", tmp_path)
    assert seen.duration == pytest.approx(1.0, abs=0.1)


def test_sound_is_made_as_loud_as_other_sound(make_clip, folder, tmp_path):
    quiet = make_clip("quiet.mp4", *picture(seconds=3), *tone(3), *H264, "-af", "volume=-20dB", *AAC)
    result = make(quiet, folder, Wish(normalize_audio=True))
    assert result.is_copy  # of the picture
    played(folder / "source", tmp_path)
    assert max(samples(tmp_path / "source.joined.mp4")) > 3 * max(samples(quiet))


def damaged(source, to, every=1500):
    """A copy of the file with bits turned over, behind its first kilobytes."""
    data, chance = bytearray(source.read_bytes()), random.Random(1)
    for _ in range(len(data) // every):
        data[chance.randrange(len(data) // 10, len(data) * 8 // 10)] ^= 1 << chance.randrange(8)
    to.write_bytes(data)
    return to


def test_damage_is_mended_by_an_encoder_and_said(plain, folder, tmp_path):
    result = make(damaged(plain, tmp_path / "damaged.mp4"), folder)
    assert not result.is_copy
    assert len(result.notices) == 1 and "damaged" in result.notices[0]
    assert result.log


def test_damage_behind_the_look_is_said_of_a_copy(make_clip, folder, tmp_path, monkeypatch):
    source = make_clip("keys.mp4", *picture(seconds=3), *H264, "-g", "1")
    monkeypatch.setattr(pipeline, "CHECK_SECONDS", 0.1)
    result = make(damaged(source, tmp_path / "damaged.mp4", 4000), folder)
    assert result.is_copy and len(result.notices) == 1


def test_a_copied_stream_with_b_frames_is_not_called_damaged(make_clip, folder):
    """To find its poster, ffmpeg begins between two keyframes: such a stream has no index."""
    b_frames = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "50")
    result = make(make_clip("long.ts", *picture(seconds=12), *tone(12), *b_frames, *AAC), folder)
    assert result.is_copy and result.notices == ()


@pytest.mark.parametrize(
    ("codec", "sound"), [((*H264, "-g", "25"), AAC), (("-c:v", "mpeg2video", "-g", "25"), ("-c:a", "mp2"))]
)
def test_a_recording_that_begins_in_the_middle_is_not_called_damaged(make_clip, folder, tmp_path, codec, sound):
    whole = make_clip("whole.ts", *picture(seconds=6), *tone(6), *codec, *sound).read_bytes()
    later = tmp_path / "later.ts"
    later.write_bytes(whole[len(whole) // 188 // 9 * 188 :])
    assert make(later, folder).notices == (complaints.STARTS_LATE,)


def test_a_piece_in_which_no_picture_begins_is_refused_as_such(make_clip, folder, tmp_path):
    whole = make_clip("whole.ts", *picture(seconds=6), *tone(6), *H264, *AAC).read_bytes()  # one keyframe, the first
    later = tmp_path / "later.ts"
    later.write_bytes(whole[len(whole) // 188 // 9 * 188 :])
    with pytest.raises(Unplayable, match="no picture from which one could begin"):
        make(later, folder)


def test_colours_that_nobody_converts_are_named(make_clip, folder):
    ictcp = (
        "-vf",
        "format=yuv420p10le,setparams=colorspace=14",
        *X264,
        "-bsf:v",
        "h264_metadata=matrix_coefficients=14",
    )
    with pytest.raises(Failed, match="colours of this file"):
        make(make_clip("a.mp4", *picture(), *ictcp), folder)


def test_what_ends_before_its_time_is_no_success(make_clip, folder):
    source = make_clip("a.avi", *picture(), "-c:v", "mpeg4")
    facts = replace(probe.probe(source), duration=4.0)
    with pytest.raises(Failed, match="ends early"):
        pipeline.process(source, folder, facts, Wish(), lambda share: None, lambda: False)


def test_what_is_longer_than_it_says_is_cut_off_and_no_success(make_clip, folder):
    source = make_clip("long.avi", *picture("160x90", 10, 20), "-c:v", "mpeg4")
    facts = replace(probe.probe(source), duration=4.0)
    with pytest.raises(Failed, match="goes on"):
        pipeline.process(source, folder, facts, Wish(), lambda share: None, lambda: False)
    assert sum(durations(folder / "90p")) < 10


def test_work_that_is_called_off_stops(plain, folder):
    with pytest.raises(Stopped):
        make(plain, folder, should_stop=lambda: True)
    assert not list(folder.iterdir())


def test_work_that_is_called_off_after_the_encode_makes_no_stills(plain, folder):
    with pytest.raises(Stopped):
        make(plain, folder, should_stop=lambda: (folder / "source" / "index.m3u8").exists())
    assert not (folder / "poster.jpg").exists()


def test_everything_made_may_be_read_by_the_group_and_nobody_else(plain, folder):
    make(plain, folder)
    made = list(folder.rglob("*"))
    assert len(made) >= 7
    for path in made:
        assert path.stat().st_mode & 0o777 == (0o750 if path.is_dir() else 0o640), path
    assert not [path.name for path in made if path.name.startswith(".")]
