"""Files of subtitles as tracks keep them: read into cues, and written again. What people send is read by `subtitles`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastpix.video.cues import Cue
from fastpix.video.stills import timestamp
from fastpix.video.subtitles import SETTING

_TIME = r"(\d{2,}):(\d{2}):(\d{2}\.\d{3})"
_TIMES = re.compile(rf"{_TIME} --> {_TIME}((?: \S+)*)")
# 1:02:03.5, 2:03.5 and 62.5 are what people write.
_TYPED = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,2}):)?(\d{1,6})(?:[.,](\d{1,3}))?")


def read(text: str) -> list[Cue]:
    """The cues of a file that `subtitles.clean` or `write` wrote, words and settings as they stand there."""
    cues = []
    for block in text.split("\n\n"):
        times, _, words = block.strip("\n").partition("\n")
        if (match := _TIMES.fullmatch(times)) and words:
            cues.append(Cue(_seconds(*match.groups()[:3]), _seconds(*match.groups()[3:6]), words, match[7].strip()))
    return cues


def write(cues: Iterable[Cue]) -> str:
    """The cues as a file, by time. What is no setting of WebVTT is left out."""
    return "WEBVTT\n\n" + "\n".join(map(_block, sorted(cues, key=lambda cue: (cue.begin, cue.end))))


def moment(text: str) -> float:
    """Seconds of a time as people type it, such as 1:02:03.5 or 2:03,5. Raises ValueError."""
    match = _TYPED.fullmatch(text.strip())
    if match is None or (match[2] is not None and int(match[3]) > 59) or (match[1] is not None and int(match[2]) > 59):
        raise ValueError(text)
    whole = (int(match[1] or 0) * 60 + int(match[2] or 0)) * 60 + int(match[3])
    return whole + int((match[4] or "").ljust(3, "0")) / 1000


def clock(seconds: float) -> str:
    """A time as people read and type it, to the thousandth: 2:03.500, 1:02:03.500."""
    hours, rest = timestamp(seconds).split(":", 1)
    return f"{int(hours)}:{rest}" if int(hours) else rest.removeprefix("0")


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return (int(hours) * 60 + int(minutes)) * 60 + float(seconds)


def _block(cue: Cue) -> str:
    settings = "".join(f" {word}" for word in cue.settings.split() if SETTING.fullmatch(word))
    return f"{timestamp(cue.begin)} --> {timestamp(cue.end)}{settings}\n{cue.text}\n"
