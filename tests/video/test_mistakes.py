"""What is sent by mistake is called by its name, and it is said where it belongs."""

from __future__ import annotations

import pytest

from fastpix.video import probe as probing
from fastpix.video.datatypes import Unplayable
from tests.video.clips import picture

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello\n"
SUBTITLES = {
    "SubRip": SRT.encode(),
    "of Windows": b"\xef\xbb\xbf" + SRT.replace("\n", "\r\n").encode(),
    "UTF-16": SRT.encode("utf-16"),
    "without numbers": b"\n" + SRT[2:].encode(),
    "WebVTT": b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n",
    "ASS": b"[Script Info]\nTitle: x\n",
}


def said(path):
    with pytest.raises(Unplayable) as refusal:
        probing.probe(path)
    return str(refusal.value)


@pytest.mark.parametrize("kind", SUBTITLES)
def test_subtitles_are_told_where_they_are_added(kind, tmp_path):
    (tmp_path / "source").write_bytes(SUBTITLES[kind])
    sentence = said(tmp_path / "source")
    assert sentence.startswith("These are subtitles.") and "on its page under Tracks" in sentence


@pytest.mark.parametrize("text", ["1\n2\n3\n", "00:01 began", "WEBVTTX", "we --> you"])
def test_other_texts_are_no_subtitles(text, tmp_path):
    (tmp_path / "source").write_text(text)
    assert said(tmp_path / "source") == probing.UNREADABLE


@pytest.mark.parametrize(
    ("name", "options"), [("a.gif", ()), ("a.png", ("-f", "apng", "-plays", "0")), ("a.webp", ("-loop", "0"))]
)
def test_moving_pictures_are_to_be_converted(name, options, make_clip):
    sentence = said(make_clip(name, *picture("64x64", 5, 1), *options))
    assert "are not taken: convert them to MP4 and send that." in sentence


def test_a_still_picture_is_not_to_be_converted(make_clip):
    still = make_clip("still.png", *picture("64x64", 5, 1), "-frames:v", "1", "-update", "1")
    assert said(still) == "This is a PNG picture. Send the video or audio file itself."


@pytest.mark.parametrize("kind", ["WMV", "MPG", "VOB", "3GP", "MXF", "MP4", "FLAC"])
def test_what_is_taken_is_listed(kind):
    assert f" {kind}" in probing.UNREADABLE and len(probing.UNREADABLE) < 200
