"""What a caption that somebody typed must be, and the stretches in which a page shows many of them."""

from __future__ import annotations

from dataclasses import dataclass

from fastpix.errors import Invalid
from fastpix.video import subtitle_markup, webvtt
from fastpix.video.cues import Cue

# Captions on a page.
MOST_SHOWN = 100
LONGEST = 1000
WRONG_TIME = "Give times such as 1:02.500, or 0:01:02.500 with hours."


@dataclass
class Typed:
    """A caption as it stands in the form: nothing of it is lost, whatever is wrong with it, which `problem` says."""

    begin: str = ""
    end: str = ""
    text: str = ""
    settings: str = ""
    is_removed: bool = False
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it is a row that nobody wrote into."""
        return not (self.begin.strip() or self.end.strip() or self.text.strip())


@dataclass(frozen=True)
class Stretch:
    """Captions that begin from `since` on and before `until` (seconds; None: to the end), the first being number `first`."""

    first: int
    cues: list[Cue]
    since: float
    until: float | None

    def holds(self, cue: Cue) -> bool:
        return self.since <= cue.begin and (self.until is None or cue.begin < self.until)


def stretches(cues: list[Cue]) -> list[Stretch]:
    """All of them in pages of about `MOST_SHOWN`, at least one. What begins at the same time is on the same page."""
    places = [0]
    for place in range(1, len(cues)):
        if place - places[-1] >= MOST_SHOWN and cues[place].begin > cues[place - 1].begin:
            places.append(place)
    ends = [*places[1:], len(cues)]
    return [
        Stretch(
            first + 1,
            cues[first:end],
            cues[first].begin if first else 0.0,
            cues[end].begin if end < len(cues) else None,
        )
        for first, end in zip(places, ends, strict=True)
    ]


def shown(cue: Cue) -> Typed:
    """A stored caption as the form has it."""
    begin, end = webvtt.clock(cue.begin), webvtt.clock(cue.end)
    return Typed(begin, end, subtitle_markup.shown(cue.text), cue.settings)


def checked(typed: Typed) -> Cue:
    """The caption. Raises `Invalid` with what is wrong."""
    try:
        begin, end = webvtt.moment(typed.begin), webvtt.moment(typed.end)
    except ValueError:
        raise Invalid("cue", WRONG_TIME) from None
    if end <= begin:
        raise Invalid("cue", f"It must end after it begins, which is at {webvtt.clock(begin)}.")
    text = subtitle_markup.typed(typed.text)
    if not text:
        raise Invalid("cue", "Write what is said, or tick “Remove”.")
    if len(text) > LONGEST:
        raise Invalid("cue", f"A caption has at most {LONGEST} letters. Divide it.")
    return Cue(begin, end, text, typed.settings)
