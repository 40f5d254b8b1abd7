"""Spoken words with their times become captions as people read them: short lines, one sentence a caption where that goes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fastpix.video.stills import timestamp

# Two lines of 42 letters, at most seven seconds, is what most broadcasters ask for.
LINE_WIDTH, MOST_SECONDS = 42, 7.0
LEAST_SECONDS, PAUSE_SECONDS = 1.0, 0.8
# A short sentence is followed by the next one in the same caption, unless there is a pause.
SHORT_WIDTH = 20
ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")


@dataclass(frozen=True)
class Word:
    """A word, its times in seconds. `text` begins with a blank where one stands before it."""

    begin: float
    end: float
    text: str


@dataclass(frozen=True)
class Cue:
    """A caption: its times in seconds, and one or two lines. `settings`: where it stands, as WebVTT writes it."""

    begin: float
    end: float
    text: str
    settings: str = ""


def webvtt(words: Iterable[Word]) -> str:
    """The captions of these words as WebVTT."""
    blocks = (f"{timestamp(cue.begin)} --> {timestamp(cue.end)}\n{_escaped(cue.text)}\n" for cue in cues(words))
    return "WEBVTT\n\n" + "\n".join(blocks)


def cues(words: Iterable[Word]) -> list[Cue]:
    """The captions of these words, by time. Each stays a second, if the next one does not come sooner."""
    groups = list(_groups(words))
    begins = [*(group[0].begin for group in groups), float("inf")]
    return [
        Cue(group[0].begin, _end(group, following), _lines(_text(group)))
        for group, following in zip(groups, begins[1:], strict=True)
    ]


def _end(group: list[Word], following: float) -> float:
    begin, end = group[0].begin, group[-1].end
    return max(min(max(end, begin + LEAST_SECONDS), following), begin + 0.001)


def _groups(words: Iterable[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in map(_seen, words):
        if not word.text.strip():
            continue
        if group and _is_over(group, word):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _seen(word: Word) -> Word:
    """The word without what is not seen: of that alone no caption can be made."""
    spaced = (" " if each.isspace() else each for each in word.text)
    return replace(word, text="".join(each for each in spaced if each.isprintable()))


def _is_over(group: list[Word], word: Word) -> bool:
    """Whether a caption ends before this word."""
    text = _text(group)
    if word.begin - group[-1].end >= PAUSE_SECONDS or word.end - group[0].begin > MOST_SECONDS:
        return True
    if not all(width(line) <= LINE_WIDTH for line in _lines(_text([*group, word])).split("\n")):
        return True
    return text.endswith(ENDS) and width(text) > SHORT_WIDTH


def _text(group: list[Word]) -> str:
    return "".join(word.text for word in group).strip()


def _lines(text: str) -> str:
    """The text in lines, two of about the same width where one does not do. What has no blanks is broken anywhere."""
    if width(text) <= LINE_WIDTH:
        return text
    pieces = text.split(" ")
    if len(pieces) == 1:
        half = (len(text) + 1) // 2
        return f"{text[:half]}\n{text[half:]}"
    breaks = [(" ".join(pieces[:at]), " ".join(pieces[at:])) for at in range(1, len(pieces))]
    first, second = min(breaks, key=lambda pair: abs(width(pair[0]) - width(pair[1])))
    return f"{first}\n{second}"


def width(text: str) -> int:
    """How wide a text is, in letters: those of China, Japan and Korea are as wide as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
