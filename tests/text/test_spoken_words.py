"""Words that are said are kept without case and accents, and of scripts without blanks any part of them."""

from __future__ import annotations

import pytest

from fastpix.text import spoken_words


def test_words_are_kept_folded_and_once():
    assert spoken_words.of(["The MUSEUM", "the Müller's café"]) == {"the", "museum", "muller", "s", "cafe"}
    assert spoken_words.asked("Café museum") == {"cafe", "museum"} and spoken_words.asked("?! \0") == set()


@pytest.mark.parametrize(
    ("said", "asked", "is_found"),
    [
        ("in the museum", "mus", True),
        ("in the museum", "seum", False),
        ("it is ours", "is", True),
        ("an island", "is", False),  # too short to be a beginning
        ("Grüße an alle", "grusse", True),
        ("今日は東京に行きます", "東京", True),
        ("วันนี้อากาศดี", "อากาศ", True),
        ("今日は東京に行きます", "大阪", False),
    ],
)
def test_what_finds_a_sentence(said, asked, is_found):
    (word,) = spoken_words.asked(asked)
    assert spoken_words.is_in(said, word) == is_found


def test_a_text_of_nothing_but_words_is_kept_in_part():
    assert len(spoken_words.of([f"word{at}" for at in range(30_000)])) == spoken_words.MOST_KEPT
