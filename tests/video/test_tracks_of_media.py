"""Tracks beside a video: subtitles as people have them, and sound in another language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.video import probe, tracks
from fastpix.video.datatypes import Unplayable
from tests.video.clips import H264, picture, tone
from tests.video.packages import durations, played

SRT = b"""1
00:00:01,000 --> 00:00:02,500
Good <b>evening</b>,
<font color="red">everybody</font> & all.

2
00:00:03,000 --> 00:00:04,000
{\\an8}1 < 2 --> here
"""
EXPECTED = """WEBVTT

00:00:01.000 --> 00:00:02.500
Good <b>evening</b>,
everybody &amp; all.

00:00:03.000 --> 00:00:04.000
1 &lt; 2 --&gt; here
"""


def test_subrip_becomes_webvtt():
    assert tracks.subtitles(SRT).text == EXPECTED


@pytest.mark.parametrize(
    "raw",
    [SRT.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + SRT, SRT.decode().encode("utf-16"), b"\n\n" + SRT],
    ids=["windows", "marked", "utf-16", "empty lines first"],
)
def test_however_it_was_saved(raw):
    assert tracks.subtitles(raw).text == EXPECTED


def test_webvtt_keeps_where_words_stand_and_loses_what_is_not_shown():
    raw = b"""WEBVTT - a title
Kind: captions

STYLE
::cue { background: url(https://tracker.example/) }

REGION
id:fred

NOTE a remark

name
00:01.000 --> 00:02.000 line:0 align:start region:fred onclick:x
<v Ann>Hello</v> <c.yellow>there</c> <00:01.500> <script>alert(1)</script> &amp; &lt;

100:00:00.000 --> 100:00:01.000
late
"""
    made = tracks.subtitles(raw).text
    assert "00:00:01.000 --> 00:00:02.000 line:0 align:start\n" in made
    assert "<v Ann>Hello</v> <c.yellow>there</c> <00:01.500> alert(1) &amp; &lt;\n" in made
    assert "100:00:00.000 --> 100:00:01.000\nlate\n" in made
    for word in ("STYLE", "tracker", "REGION", "fred", "NOTE", "onclick", "script", "title", "Kind"):
        assert word not in made


def test_cues_are_put_in_order():
    made = tracks.subtitles(b"00:05.000 --> 00:06.000\nb\n\n00:01.000 --> 00:02.000\na\n").text
    assert made.index("\na\n") < made.index("\nb\n")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "no subtitles"),
        (b"WEBVTT\n", "no subtitles"),
        (b"hello", "Line 1"),
        (b"00:02.000 --> 00:01.000\nbackwards\n", "Line 1: .*ends before"),
        (b"\xff\xfea", "no subtitles"),
        (bytes(range(256)) * 100, "no subtitles"),
        (b"a" * (6 << 20), "at most 5 MiB"),
    ],
    ids=range(7),
)
def test_what_is_no_subtitle_is_refused_by_its_line(raw, sentence):
    with pytest.raises(Unplayable, match=sentence):
        tracks.subtitles(raw)


@given(
    some.lists(
        some.sampled_from(
            [
                "\n",
                "\n\n",
                "00:01.000 --> 00:02.000",
                "WEBVTT",
                "<b>",
                "<",
                ">",
                "&",
                "NOTE",
                "-->",
                "x",
                "{\\an8}",
                " ",
            ]
        )
    ).map("".join)
)
def test_whatever_is_sent_is_refused_or_clean(text):
    try:
        made = tracks.subtitles(text.encode()).text
    except Unplayable:
        return
    assert tracks.subtitles(made.encode()).text == made
    for line in made.split("\n"):
        assert "-->" not in line or re.fullmatch(r"[\d:.]+ --> [\d:.]+( \S+)*", line)


def test_the_playlist_of_subtitles_is_as_long_as_the_video():
    text = tracks.subtitle_playlist(61.5)
    assert text.startswith("#EXTM3U\n") and text.endswith("#EXT-X-ENDLIST\n")
    assert "#EXT-X-TARGETDURATION:62\n" in text and "#EXTINF:61.500,\nsubtitles.vtt\n" in text


@pytest.mark.parametrize("seconds", [1, 9])
def test_a_sound_track_is_as_long_as_its_video(make_clip, tmp_path, seconds, each_ffmpeg):
    source = make_clip("a.mp3", *tone(seconds), "-c:a", "libmp3lame")
    folder, shares = tmp_path / "track", []
    folder.mkdir()
    made = tracks.audio_track(source, folder, 7.5, facts=probe.probe(source), report=shares.append)
    seen = played(folder, tmp_path)
    assert (seen.video, seen.audio[0].codec, seen.duration) == (None, "aac", pytest.approx(7.5, abs=0.1))
    assert sum(durations(folder)) == pytest.approx(7.5, abs=0.1) and len(durations(folder)) == 2
    assert (made.name, made.codecs, made.width) == ("track", "mp4a.40.2", 0)
    assert made.bandwidth >= made.average_bandwidth > 0 and shares[-1] == 1.0


def test_the_sound_of_a_video_may_be_a_track(make_clip, tmp_path):
    source = make_clip("v.mp4", *picture(), *tone(), *H264, "-c:a", "aac")
    tracks.audio_track(source, tmp_path, 2.0, facts=probe.probe(source))
    assert played(tmp_path, tmp_path).video is None


def test_a_silent_file_is_no_sound_track(make_clip, tmp_path):
    source = make_clip("silent.mp4", *picture(), *H264)
    with pytest.raises(Unplayable, match="no sound"):
        tracks.audio_track(source, tmp_path, 2.0, facts=probe.probe(source))
