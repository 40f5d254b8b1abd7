"""Stored subtitles are read into cues and written again without loss; times and words are taken as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.video import subtitle_markup, subtitles, webvtt
from fastpix.video.cues import Cue
from tests.video.test_tracks_of_media import EXPECTED, SRT

PLACED = """WEBVTT

00:00:01.000 --> 00:00:02.000 line:0 align:start
<v Ann>Hello</v> <c.yellow>there</c> &amp; &lt;

100:00:00.000 --> 100:00:01.000
late
"""


def test_what_is_stored_is_read_and_written_as_it_was():
    assert webvtt.read(EXPECTED)[0] == Cue(1.0, 2.5, "Good <b>evening</b>,\neverybody &amp; all.")
    for stored in (EXPECTED, PLACED, subtitles.clean(SRT).text):
        assert webvtt.write(webvtt.read(stored)) == stored
    assert webvtt.read(PLACED)[0].settings == "line:0 align:start" and webvtt.read(PLACED)[1].begin == 360_000


def test_cues_are_written_by_time_and_without_what_is_no_setting():
    written = webvtt.write([Cue(2, 3, "b", "onclick:x line:0"), Cue(1, 2, "a")])
    assert written == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na\n\n00:00:02.000 --> 00:00:03.000 line:0\nb\n"


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("0:01", 1), ("1:02.5", 62.5), ("1:02,05", 62.05), ("01:02:03.004", 3723.004), ("62.5", 62.5), (" 100:00:00 ", 360_000)],
)  # fmt: skip
def test_times_are_taken_as_people_type_them(typed, seconds):
    assert webvtt.moment(typed) == pytest.approx(seconds)
    assert webvtt.moment(webvtt.clock(seconds)) == pytest.approx(seconds)


@pytest.mark.parametrize("typed", ["", "soon", "1:60", "1:60:00", "-1", "1:2:3:4", "1:", "1.2345", "٣"])
def test_what_is_no_time_is_refused(typed):
    if typed == "٣":
        assert webvtt.moment(typed) == 3  # a digit is a digit
        return
    with pytest.raises(ValueError):
        webvtt.moment(typed)


def test_times_are_shown_as_they_are_typed():
    assert [webvtt.clock(at) for at in (1, 62.5, 3723.004)] == ["0:01.000", "1:02.500", "1:02:03.004"]


@pytest.mark.parametrize(
    "typed", ["R&B", "1 < 2 > 0", "a --> b", "<foo>bar</foo>", "<b>bold</b>", "two\nlines", "{x} \\N"]
)
def test_nothing_typed_is_lost(typed):
    written = subtitle_markup.typed(typed)
    assert subtitle_markup.shown(written) == typed and "-->" not in written


@given(some.text())
def test_whatever_is_typed_makes_one_cue_that_is_read_again(text):
    words = subtitle_markup.typed(text)
    if not words:
        return
    stored = webvtt.write([Cue(1, 2, words), Cue(3, 4, "after")])
    assert [cue.text for cue in webvtt.read(stored)] == [words, "after"]
    assert subtitle_markup.typed(subtitle_markup.shown(words)) == words


def test_words_alone_are_what_is_searched():
    assert subtitle_markup.plain("<v Ann>R&amp;B</v>\n<i>now</i>") == "R&B now"
