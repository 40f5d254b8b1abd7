"""Reads subtitles as people have them, SubRip, WebVTT or those of Aegisub, and writes clean WebVTT: nothing gets in that is no subtitle.

Every cue that can be read is taken, whatever stands around it: what begins a cue is a line with its times. What could
not be read is said, with the number of its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from fastpix.video import subtitle_ass, subtitle_encoding, subtitle_markup
from fastpix.video.datatypes import Unplayable
from fastpix.video.stills import timestamp

MAX_BYTES = 5 << 20
# More than these are counted, not told one by one.
MOST_TOLD = 10
NO_TIMES = "a time such as 00:00:01.000 --> 00:00:04.000 was expected here; these words were left out."
_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)([.,:;]\s?\d{1,9})?"
_TIMING = re.compile(rf"\s*{_TIME}\s*(?:-{{1,3}}\s?>|[=–—]>|→)\s*{_TIME}(\s.*)?")
_SUBVIEWER = re.compile(r"\s*(\d{1,4}):([0-5]\d):([0-5]\d)(\.\d{2,3}),(\d{1,4}):([0-5]\d):([0-5]\d)(\.\d{2,3})()\s*")
# What was meant to be times, and is none.
_NEARLY = re.compile(r"\s*-?\d{1,4}[:.,]\S*\s*(?:-{1,3}\s?>|[=–—]>|→).*|\S*\s*-->\s*\d{1,4}:\d\d[:.,]\d.*")
_COUNTER = re.compile(r"\s*(\d{1,7})\s*")
SETTING = re.compile(
    r"vertical:(?:rl|lr)|size:[\d.]+%|align:(?:start|center|middle|end|left|right)"
    r"|line:-?[\d.]+%?(?:,(?:start|center|end))?|position:[\d.]+%(?:,(?:line-left|center|line-right))?"
)
_NOT_SHOWN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
# In web pages, SubViewer and Aegisub.
_LINE_END = re.compile(r"(?i:<br\s*/?>|\[br\])|\\N")
# Pictures a second of whoever counts those behind the seconds: 00:00:02:12.
RATES = (24, 25, 30, 50, 60)


@dataclass(frozen=True)
class Cleaned:
    """WebVTT, and sentences on what could not be taken, or had to be guessed."""

    text: str
    notices: tuple[str, ...]


@dataclass
class _Cue:
    """A cue as it stands in the file: times in milliseconds, its lines with their numbers. `wrong`: why it is none;
    `frames`: how many pictures come to its times, in a file that counts them."""

    line: int
    begin: int = 0
    end: int = 0
    frames: tuple[int, int] | None = None
    settings: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)
    wrong: str = ""
    counter: int = 0

    @property
    def text(self) -> str:
        """As it is written: an empty line would end it."""
        written = (part for _, line in self.lines for part in _LINE_END.split(line))
        return "\n".join(filter(None, map(subtitle_markup.line, written)))


def clean(raw: bytes, language: str = "") -> Cleaned:
    """The subtitles in `raw` (SubRip or WebVTT) as WebVTT, ordered by time. `language` tells old encodings apart.

    Raises Unplayable where not one can be read.
    """
    if len(raw) > MAX_BYTES:
        raise Unplayable(f"Subtitles may have at most {MAX_BYTES >> 20} MiB.")
    text, notice = subtitle_encoding.decode(raw, language)
    cues, stray = _read(subtitle_ass.lines(text) if subtitle_ass.is_one(text) else _close_up(text.split("\n")))
    rate = _count_frames(cues)
    problems = [(cue.line, cue.wrong) for cue in cues if cue.wrong] + [(line, _stray(words)) for line, words in stray]
    told = _told(sorted(problems))
    shown = [(cue, words) for cue in cues if not cue.wrong and (words := cue.text)]
    if not shown:
        reason = f" {told[0]}" if told else ""
        raise Unplayable(f"There are no subtitles in this file. Send SubRip (.srt), WebVTT (.vtt) or .ass.{reason}")
    shown.sort(key=lambda each: (each[0].begin, each[0].end))
    return Cleaned(
        "WEBVTT\n\n" + "\n".join(f"{_times(cue)}{cue.settings}\n{words}\n" for cue, words in shown),
        tuple(filter(None, (notice, rate, *told))),
    )


def _count_frames(cues: list[_Cue]) -> str:
    """Set the times of a file that counts pictures behind the seconds, and find what is wrong with times. What was guessed."""
    counted = [count for cue in cues for count in cue.frames or ()]
    most = max(counted, default=-1)
    # More than any rate has: these are hundredths of a second, whatever stands before them.
    rate = next((each for each in RATES if each > most), 100)
    for cue in cues:
        if cue.frames:
            cue.begin += round(cue.frames[0] * 1000 / rate)
            cue.end += round(cue.frames[1] * 1000 / rate)
        if not cue.wrong and cue.end <= cue.begin:
            when = "ends before it begins" if cue.end < cue.begin else "ends when it begins"
            cue.wrong = f"the subtitle {when}, and was left out."
    if not counted or rate == 100:
        return ""
    return f"Times such as 00:00:02:12 count pictures: {rate} a second were taken. Where the film has others, save the subtitles with thousandths."


def _times(cue: _Cue) -> str:
    return f"{timestamp(cue.begin / 1000)} --> {timestamp(cue.end / 1000)}"


def _stray(words: str) -> str:
    short = "".join(character for character in words if character.isprintable()).strip()[:60]
    return f"“{short}” stands under no times, and was left out."


def _told(problems: list[tuple[int, str]]) -> list[str]:
    told = [f"Line {line}: {sentence}" for line, sentence in problems[:MOST_TOLD]]
    more = len(problems) - MOST_TOLD
    return [*told, f"{more} more could not be read."] if more > 0 else told


def _close_up(lines: list[str]) -> list[tuple[int, str]]:
    """Lines with their numbers from 1; where an empty one follows each line, those between do not count."""
    numbered = list(enumerate(lines, start=1))
    full = [number for number, line in numbered if line.strip()]
    is_spaced = len(full) > 3 and all(after - before > 1 for before, after in pairwise(full))
    if not is_spaced:
        return numbered
    return [(number, line) for number, line in numbered if line.strip() or not lines[max(0, number - 2)].strip()]


def _read(lines: list[tuple[int, str]]) -> tuple[list[_Cue], list[tuple[int, str]]]:
    """All cues, readable or not, and lines behind the last one that belong to none."""
    reader = _Reader()
    for number, line in lines:
        reader.take(number, line)
    return reader.end()


class _Reader:
    """Goes through a file line by line. A cue's words go on until the next times, or a counter above none."""

    def __init__(self) -> None:
        self._cues: list[_Cue] = []
        self._before: list[tuple[int, str]] = []  # lines of no cue, above the first one
        self._is_webvtt = self._is_hidden = False
        self._last_counter = 0

    def take(self, number: int, line: str) -> None:
        if not self._cues and not self._before and line.strip().split(" ")[0].split("\t")[0] == "WEBVTT":
            self._is_webvtt = self._is_hidden = True  # what follows are headers
            return
        match = _TIMING.fullmatch(line) or _SUBVIEWER.fullmatch(line)
        if match or _NEARLY.fullmatch(line):
            self._begin(number, match)
        elif not line.strip() and " " not in line.strip("\t"):
            self._is_hidden = False
            self._lines().append((number, ""))
        elif self._is_webvtt and self._is_first_of_block() and _NOT_SHOWN.match(line):
            self._is_hidden = True
        elif not self._is_hidden:
            self._lines().append((number, line))

    def _lines(self) -> list[tuple[int, str]]:
        return self._cues[-1].lines if self._cues else self._before

    def _is_first_of_block(self) -> bool:
        lines = self._lines()
        return not lines[-1][1] if lines else not self._cues

    def _begin(self, number: int, match: re.Match[str] | None) -> None:
        self._is_hidden = False
        cue = _Cue(number, counter=self._take_name())
        if match is None:
            cue.wrong = NO_TIMES
        else:
            (cue.begin, first), (cue.end, last) = _moment(*match.groups()[:4]), _moment(*match.groups()[4:8])
            cue.frames = None if first is last is None else (first or 0, last or 0)
            cue.settings = "".join(f" {word}" for word in (match[9] or "").split() if SETTING.fullmatch(word))
        self._cues.append(cue)

    def _take_name(self) -> int:
        """Remove the counter or the name that stands above the times from the words of the cue before. The counter."""
        lines = self._lines()
        place = next((place for place in range(len(lines) - 1, -1, -1) if lines[place][1].strip()), None)
        if place is None:
            return 0
        counter, is_next_to = _COUNTER.fullmatch(lines[place][1]), place == len(lines) - 1
        is_alone = not lines[place - 1][1] if place else not self._cues
        if counter and (is_next_to or (is_alone and int(counter[1]) == self._last_counter + 1)):
            # Words may be a number, in a file without counters.
            if self._last_counter or not self._cues or is_alone:
                self._last_counter = int(counter[1])
                del lines[place:]
                return self._last_counter
        elif self._is_webvtt and is_next_to and is_alone:
            del lines[place:]
        return 0

    def end(self) -> tuple[list[_Cue], list[tuple[int, str]]]:
        last = self._cues[-1:]
        for cue in list(self._cues):
            self._split_off(cue)
        stray = [(number, line) for number, line in self._before if line.strip()]
        for cue in last:
            stray += _behind(cue)
        return self._cues, stray

    def _split_off(self, cue: _Cue) -> None:
        """A counter that is followed by no times begins a cue that cannot be read: its words are not this one's."""
        for at, (_, line) in enumerate(cue.lines):
            counter = _COUNTER.fullmatch(line)
            if not (counter and cue.counter and at and int(counter[1]) == cue.counter + 1) or cue.lines[at - 1][1]:
                continue
            words = next((number for number, words in cue.lines[at + 1 :] if words.strip()), None)
            if words is not None:
                self._cues.append(_Cue(words, wrong=NO_TIMES))
                del cue.lines[at:]
                return


def _behind(cue: _Cue) -> list[tuple[int, str]]:
    """What stands behind an empty line under the last words is no subtitle: who made them, where they are from."""
    first = next((at for at, (_, line) in enumerate(cue.lines) if line.strip()), None)
    end = None if first is None else next((at for at in range(first, len(cue.lines)) if not cue.lines[at][1]), None)
    if end is None:
        return []
    behind = [(number, line) for number, line in cue.lines[end:] if line.strip()]
    del cue.lines[end:]
    return behind


def _moment(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> tuple[int, int | None]:
    """Milliseconds, and how many pictures more where two digits behind `:` or `;` count those."""
    whole = ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000
    mark, digits = (fraction or ".")[0], (fraction or ".")[1:].strip()
    if mark in ":;" and len(digits) == 2 and hours is not None:
        return whole, int(digits)
    return whole + int(digits[:3].ljust(3, "0")), None
