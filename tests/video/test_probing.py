"""What the probe says of files, of every container and oddity we take, and the sentence for each that we do not."""

from __future__ import annotations

import random
import shutil

import pytest

from fastpix.video import mistakes, probe_notices, run
from fastpix.video import plan as planning
from fastpix.video import probe as probing
from fastpix.video.child import Child
from fastpix.video.datatypes import Unplayable, Wish
from fastpix.video.probe import probe
from tests.video.clips import H264, colour, picture, tone

AAC = ("-c:a", "aac")
PLAYABLE = "This file is not a video or audio file we can read"


@pytest.fixture
def source(make_clip):
    return make_clip("plain.mp4", *picture(seconds=3), *tone(3), *H264, "-g", "30", *AAC)


def refused(path, sentence, **more):
    with pytest.raises(Unplayable, match=sentence) as refusal:
        probe(path, **more)
    words = str(refusal.value)
    assert words.endswith(".") and str(path) not in words and "Error" not in words and len(words) < 200


def test_a_plain_video_is_known_in_full(source):
    facts = probe(source)
    assert (facts.container, facts.size, facts.is_audio_only) == ("mp4", source.stat().st_size, False)
    assert facts.duration == pytest.approx(3, abs=0.05)
    video, (audio,) = facts.video, facts.audio
    assert (video.index, video.codec, video.pixel_format) == (0, "h264", "yuv420p")
    assert (video.width, video.height, video.frame_rate) == (320, 180, 30)
    assert (video.rotation, video.pixel_aspect, video.is_interlaced, video.is_hdr) == (0, 1.0, False, False)
    assert video.profile == "Constrained Baseline" and 10 <= video.level <= 42
    assert video.longest_gop == pytest.approx(1, abs=0.05) and video.bit_rate > 10_000
    assert (audio.index, audio.codec, audio.profile, audio.channels, audio.sample_rate) == (1, "aac", "LC", 1, 44100)
    assert (audio.language, audio.title) == ("und", "")


OTHERS = [
    pytest.param(*row, marks=pytest.mark.full("one container stands for them all"))
    for row in (
        ("a.mkv", ("-c", "copy"), "matroska", ("h264", "aac")),
        ("a.ts", ("-c", "copy"), "mpegts", ("h264", "aac")),
        ("a.flv", ("-c", "copy"), "flv", ("h264", "aac")),
        ("fragmented.mp4", ("-c", "copy", "-movflags", "+frag_keyframe+empty_moov"), "mp4", ("h264", "aac")),
        ("a.webm", ("-c:v", "libvpx", "-g", "30", "-c:a", "libopus"), "matroska", ("vp8", "opus")),
        ("live.webm", ("-c:v", "libvpx", "-g", "30", "-c:a", "libopus", "-live", "1"), "matroska", ("vp8", "opus")),
        ("a.avi", ("-c:v", "mpeg4", "-g", "30", "-c:a", "mp3"), "avi", ("mpeg4", "mp3")),
    )
]


@pytest.mark.parametrize(
    ("name", "options", "container", "codecs"),
    [
        ("a.mov", ("-c", "copy"), "mp4", ("h264", "aac")),
        *OTHERS,
    ],
)
def test_length_and_keyframes_are_known_in_every_container(name, options, container, codecs, source, make_clip):
    facts = probe(make_clip(name, "-i", str(source), *options))
    assert (facts.container, facts.video.codec, facts.audio[0].codec) == (container, *codecs)
    assert facts.duration == pytest.approx(3, abs=0.15)
    assert 0.3 < facts.video.longest_gop < 1.2
    assert facts.video.frame_rate == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize(
    ("name", "options", "codec"),
    [
        *(("a.m4a", AAC, "aac"), ("a.mp3", ("-c:a", "mp3"), "mp3"), ("a.wav", ("-c:a", "pcm_s16le"), "pcm_s16le")),
        *(("a.aac", AAC, "aac"), ("a.ogg", ("-c:a", "libvorbis"), "vorbis"), ("a.flac", ("-c:a", "flac"), "flac")),
    ],
)
def test_sound_alone_is_taken_and_its_length_is_right(name, options, codec, make_clip):
    facts = probe(make_clip(name, *tone(4), *options))
    assert facts.is_audio_only and facts.audio[0].codec == codec
    assert facts.duration == pytest.approx(4, abs=0.15)


def test_the_length_of_mp3_is_counted_where_its_header_only_guesses(make_clip):
    # Silence, then noise, at a variable rate and without the header that tells the number of frames.
    noise = ("-f", "lavfi", "-i", "anoisesrc=d=4", "-filter_complex", "aevalsrc=0:d=20[s];[s][0]concat=v=0:a=1")
    facts = probe(make_clip("variable.mp3", *noise, "-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0"))
    assert facts.duration == pytest.approx(24, abs=0.2)


def test_a_cover_is_no_video(source, make_clip):
    cover = make_clip("cover.jpg", *colour(seconds=1), "-frames:v", "1", "-update", "1")
    inputs = ("-i", str(make_clip("a.mp3", *tone(4), "-c:a", "mp3")), "-i", str(cover), "-map", "0:a", "-map", "1:v")
    assert probe(make_clip("covered.mp3", *inputs, "-c", "copy", "-disposition:v", "attached_pic")).is_audio_only
    inputs = ("-i", str(source), "-i", str(cover), "-map", "0:a", "-map", "1:v")
    assert probe(make_clip("covered.m4a", *inputs, "-c", "copy", "-disposition:v", "attached_pic")).is_audio_only
    inputs = (*inputs[:4], "-map", "0", "-map", "1:v")
    facts = probe(make_clip("covered.mp4", *inputs, "-c", "copy", "-disposition:v:1", "attached_pic"))
    assert facts.video.codec == "h264" and len(facts.audio) == 1


@pytest.mark.parametrize(("degrees", "size"), [(90, (180, 320)), (180, (320, 180)), (270, (180, 320))])
def test_the_size_is_the_one_that_is_seen_of_a_turned_video(degrees, size, source, make_clip):
    video = probe(
        make_clip(f"turned{degrees}.mp4", "-display_rotation", str(degrees), "-i", str(source), "-c", "copy")
    ).video
    assert (video.rotation, (video.width, video.height)) == (degrees, size)


def test_the_size_is_the_one_that_is_seen_of_pixels_that_are_not_square(make_clip):
    video = probe(make_clip("anamorphic.mp4", *colour("720x576", seconds=0.2), "-vf", "setsar=16/11", *H264)).video
    assert (video.width, video.height) == (1047, 576) and video.pixel_aspect == pytest.approx(16 / 11)


def test_interlaced_hdr_and_deep_colour_are_noticed(make_clip):
    assert not probe(make_clip("flat.mp4", *colour(seconds=0.2), *H264)).video.is_interlaced
    laced = (
        "-vf",
        "setfield=tff",
        "-flags",
        "+ildct+ilme",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-x264opts",
        "tff=1",
    )
    assert probe(make_clip("interlaced.mp4", *colour(seconds=0.2), *laced)).video.is_interlaced
    for curve in ("smpte2084", "arib-std-b67"):
        hdr = (
            "-vf",
            f"setparams=color_trc={curve}",
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p10le",
            "-preset",
            "ultrafast",
        )
        video = probe(make_clip(f"{curve}.mp4", *colour(seconds=0.2), *hdr)).video
        assert video.is_hdr and video.pixel_format == "yuv420p10le"


def test_the_longest_gap_between_keyframes_counts_also_the_last(make_clip):
    keys = ("-force_key_frames", "0.5,1", "-g", "999", "-sc_threshold", "0")
    for suffix in ("mp4", "mkv", "ts"):
        gop = probe(make_clip(f"keys.{suffix}", *colour(seconds=4), *H264, *keys)).video.longest_gop
        assert gop == pytest.approx(3, abs=0.1)


def test_languages_and_titles_come_without_control_characters(source, make_clip):
    words = ("-metadata:s:a:0", "language=deu", "-metadata:s:a:0", 'title=Kommentar\n#EXT-X-KEY:"')
    facts = probe(
        make_clip("titled.mkv", "-i", str(source), "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", *words)
    )
    assert [(one.language, one.title) for one in facts.audio] == [("deu", 'Kommentar#EXT-X-KEY:"'), ("und", "")]


def test_the_name_of_a_file_decides_nothing(source, tmp_path):
    for name in ("source", "%03d.jpg", "-i", "http:", "x.m3u8", "with space;$(x).txt"):
        shutil.copy(source, tmp_path / name)
        assert probe(tmp_path / name).video.width == 320


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "source").write_bytes(b"")
    refused(tmp_path / "source", "This file is empty")


@pytest.mark.parametrize(
    "content",
    [random.Random(1).randbytes(50_000), b"not a video " * 500, b"x", b"\0" * 100_000],
    ids=["noise", "text", "one byte", "zeros"],
)
def test_what_is_no_media_is_said_to_be_none(content, tmp_path):
    (tmp_path / "source.mp4").write_bytes(content)
    refused(tmp_path / "source.mp4", PLAYABLE)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.gif", "a GIF picture"), ("a.png", "a PNG picture"), ("a.jpg", "a JPEG picture"), ("a.webp", "a picture")],
)
def test_pictures_are_refused_as_what_they_are(name, kind, make_clip, monkeypatch):
    path = make_clip(
        name, *picture(seconds=1), "-frames:v", "1", *(("-update", "1") if name[2:] in ("png", "jpg") else ())
    )
    refused(path, f"This is {kind}")
    monkeypatch.setattr(mistakes, "refuse", lambda _path: None)
    refused(path, PLAYABLE)


@pytest.mark.parametrize(
    "page", ["<!DOCTYPE html>", "<!doctype html>", "\ufeff\n <!Doctype HTML>", "<HTML>", "<!-- x -->"]
)
def test_a_web_page_is_called_one_however_it_is_written(tmp_path, page):
    (tmp_path / "source").write_text(f"{page}<title>Sign in</title>", "utf-8")
    refused(tmp_path / "source", "This is a web page")


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"avis", b"hevc", b"msf1"])
def test_pictures_in_a_container_of_video_are_refused_also_moving_ones(tmp_path, brand):
    (tmp_path / "source").write_bytes(b"\0\0\0\x1cftyp" + brand + bytes(100))
    refused(tmp_path / "source", "This is a picture")


@pytest.mark.parametrize("text", ["#EXTM3U\n", "\ufeff#EXTM3U\n", "\n ffconcat version 1.0\n"])
def test_playlists_are_refused_as_what_they_are(text, tmp_path):
    (tmp_path / "source").write_text(text + "x.mp4\n")
    refused(tmp_path / "source", "This is a playlist")


def test_a_recording_that_was_cut_off_is_refused_as_such(source, make_clip, tmp_path):
    whole = source.read_bytes()
    (tmp_path / "source").write_bytes(whole[: whole.index(b"moov") - 4])
    refused(tmp_path / "source", "table of contents .moov. is missing")
    whole = make_clip("fast.mp4", "-i", str(source), "-c", "copy", "-movflags", "+faststart").read_bytes()
    (tmp_path / "source").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "source", "cut off: after [12] s of 3 s the data is missing")


def test_what_is_left_of_a_stream_that_was_cut_off_is_taken(source, make_clip, tmp_path):
    whole = make_clip("long.mkv", "-i", str(source), "-c", "copy").read_bytes()
    (tmp_path / "source").write_bytes(whole[: len(whole) // 2])
    assert 0.5 < probe(tmp_path / "source").duration < 2.5


def test_a_file_of_subtitles_alone_holds_nothing_to_play(tmp_path, make_clip):
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    refused(make_clip("words.mkv", "-i", str(tmp_path / "words.srt"), "-c:s", "srt"), "neither video nor audio")


@pytest.mark.parametrize("name", ["encrypted.mp4"])
def test_an_encrypted_video_is_refused_as_such(name, source, make_clip):
    key = ("-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")
    for more in ((), ("-vn",)):
        path = make_clip(name, "-i", str(source), *more, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", *key)
        refused(path, "encrypted .DRM.")


def test_a_video_none_of_whose_pictures_can_be_decoded_is_refused(source, tmp_path):
    whole = bytearray(source.read_bytes())
    start, end = whole.index(b"mdat") + 4, whole.index(b"moov") - 4
    whole[start:end] = bytes(end - start)
    (tmp_path / "source").write_bytes(whole)
    refused(tmp_path / "source", "Not one picture")


def test_a_slide_show_and_a_racing_camera_are_taken(make_clip):
    slides = probe(make_clip("slow.mp4", *colour("64x64", rate="1/10", seconds=40), *H264))
    assert (slides.video.frame_rate, slides.duration) == (pytest.approx(0.1), 40)
    assert planning.plan(slides, Wish()).kind == "ladder"
    assert planning.plan(slides, Wish()).frame_rate == 1
    racing = probe(make_clip("fast.mp4", *colour("64x64", rate=300, seconds=1), *H264))
    assert racing.video.frame_rate == 300
    assert planning.plan(racing, Wish()).frame_rate == 60


def test_the_declared_frame_rate_gives_way_to_the_counted_one_where_it_cannot_be():
    seen = {"video": {"frame_rate": 1000.0}, "measured_frame_rate": 29.7}
    assert probing._frame_rate(seen) == 29.7
    assert probing._frame_rate({"video": {"frame_rate": 0.0}}) == probing.USUAL_FRAME_RATE


def test_more_tracks_than_allowed_are_refused(make_clip):
    tracks = ("-i", str(make_clip("tone.m4a", *tone(1), *AAC)), "-c", "copy")
    assert len(probe(make_clip("32.mkv", *tracks, *["-map", "0:a"] * 32)).audio) == 32
    refused(make_clip("33.mkv", *tracks, *["-map", "0:a"] * 33), "more than 32 tracks")


def test_the_longest_duration_is_the_callers(source):
    assert probe(source, max_seconds=3.5)
    refused(source, "plays for 3 s, and at most 2 s are allowed", max_seconds=2)


def test_durations_are_said_as_people_say_them():
    said = {0: "0 s", 59.6: "1 min", 61: "1 min 1 s", 3600: "1 h", 43200: "12 h", 11130: "3 h 5 min"}
    assert {seconds: probe_notices.words(seconds) for seconds in said} == said


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "while True: pass",
        "x = bytearray(1 << 40)",
        "print('[]')",
        "print('{}')",
        "print('{')",
        "print('[1]')",
    ],
)
def test_a_demuxer_that_crashes_loops_or_lies_costs_a_second_look(program, source, tmp_path, monkeypatch, ffmpeg):
    (tmp_path / "child.py").write_text(program)
    monkeypatch.setattr(probing, "CHILD", str(tmp_path / "child.py"))
    monkeypatch.setattr(
        probing, "LIMITS", run.Limits(cpu_seconds=1, wall_seconds=10, memory_bytes=1 << 30, file_bytes=0)
    )
    facts = probe(source)
    assert (facts.video.width, facts.video.height, facts.container) == (320, 180, "mp4")
    (tmp_path / "nothing").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(Unplayable) as refusal:
        probe(tmp_path / "nothing")
    assert str(refusal.value) == probing.BROKE
    assert "damaged" not in probing.BROKE


def test_the_probe_writes_nothing(source, tmp_path):
    program = "import os; os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'y')"
    heard = []
    command = [probing.sys.executable, "-c", program]
    with Child(command, tmp_path, probing.LIMITS, heard.append) as child:
        assert child.ended(within=30)
    assert child.exit_code == 1 and (tmp_path / "x").stat().st_size == 0


def test_a_probe_is_quick_and_small(source):
    heard = []
    command = [probing.sys.executable, "-I", "-B", probing.CHILD, str(source), run.FORMATS, "32", str(run.MAX_PIXELS)]
    with Child(command, source.parent, probing.LIMITS, heard.append) as child:
        assert child.ended(within=30)
    assert child.exit_code == 0 and child.cpu_seconds < 1.0  # measured: 0.2
