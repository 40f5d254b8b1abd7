"""Words with times become captions that can be read."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as some

from fastpix.video import subtitles
from fastpix.video.cues import LINE_WIDTH, MOST_SECONDS, Cue, Word, cues, webvtt, width


def spoken(text, seconds=0.3, begin=0.0):
    """The words of a text, one after the other."""
    words = text.split(" ")
    return [
        Word(begin + at * seconds, begin + (at + 1) * seconds, f" {word}" if at else word)
        for at, word in enumerate(words)
    ]


def texts(words):
    return [cue.text for cue in cues(words)]


def test_a_sentence_is_a_caption_of_two_even_lines():
    said = spoken("The weather was warm in the summer and many people came. Then it rained for a whole week.")
    assert texts(said) == [
        "The weather was warm in the\nsummer and many people came.",
        "Then it rained for a whole week.",
    ]


def test_a_short_sentence_stays_with_the_next_but_for_a_pause():
    assert texts(spoken("Yes. I do.")) == ["Yes. I do."]
    assert texts([*spoken("Yes."), *spoken(" I do.", begin=2.0)]) == ["Yes.", "I do."]


def test_a_caption_stays_a_second_unless_the_next_one_comes():
    alone, near, last = cues([Word(1.0, 1.1, "Oh."), Word(4.0, 4.1, "No."), Word(4.95, 5.0, "Why?")])
    assert (alone.begin, alone.end) == (1.0, 2.0)
    assert (near.end, last.begin, last.end) == (4.95, 4.95, 5.95)


def test_languages_without_blanks_are_broken_by_width():
    said = [Word(at * 0.2, (at + 1) * 0.2, letter) for at, letter in enumerate("今日はとても良い天気です" * 5)]
    found = cues(said)
    assert "".join(cue.text.replace("\n", "") for cue in found) == "今日はとても良い天気です" * 5
    assert all(width(line) <= LINE_WIDTH for cue in found for line in cue.text.split("\n"))


def test_what_looks_like_markup_is_shown_as_it_was_said():
    assert "1 &lt; 2 &amp; 3 --&gt; 4" in webvtt(spoken("1 < 2 & 3 --> 4"))


def test_what_cannot_be_seen_is_no_caption():
    assert cues([Word(0, 1, "\x08"), Word(2, 3, "\x1cYes\x00.")]) == [Cue(2, 3, "Yes.")]


@given(
    some.lists(
        some.tuples(some.floats(0, 1.5), some.floats(0, 2), some.text(some.characters(codec="ascii"), max_size=60)),
        max_size=40,
    )
)
def test_whatever_is_said_is_webvtt_in_order(told):
    moment, words = 0.0, []
    for gap, length, text in told:
        words.append(Word(moment + gap, moment + gap + length, f" {' '.join(text.split())}"))
        moment += gap + length
    made = cues(words)
    assert all(cue.begin < cue.end for cue in made)
    assert all(first.end <= second.begin + 0.001 for first, second in itertools.pairwise(made))
    assert all(cue.end - cue.begin <= MOST_SECONDS or " " not in cue.text for cue in made)
    if any(cue.text.strip() for cue in made):
        assert subtitles.clean(webvtt(words).encode()).text.startswith("WEBVTT\n\n")
