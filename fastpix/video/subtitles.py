"""Reads subtitles as people have them, SubRip or WebVTT, and writes clean WebVTT: nothing gets in that is no subtitle."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastpix.video.facts import Unplayable
from fastpix.video.stills import timestamp

MAX_BYTES = 5 << 20
_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(\s.*)?")
_SETTING = re.compile(
    r"(?:vertical:(?:rl|lr)|(?:line|position|size):-?[\d.]+%?|align:(?:start|center|middle|end|left|right))"
)
_NOT_SHOWN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
# SubRip's own: {\an8} says where; <font> and the like go, with what they hold kept.
_PLACING = re.compile(r"\{\\[^}]*\}")
_TAG = re.compile(r"</?(?:[biuc]|ruby|rt|v|lang)(?:\.[\w.-]+)?(?:[ \t][^<>&]*)?>|<(?:\d+:)?\d\d:\d\d\.\d{3}>")
_ANY_TAG = re.compile(r"<[^<>]*>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|nbsp|lrm|rlm);")


@dataclass(frozen=True, order=True)
class Cue:
    """Times in milliseconds."""

    begin: int
    end: int
    settings: str
    text: str


def clean(raw: bytes) -> str:
    """The subtitles in `raw` (SubRip or WebVTT, UTF-8, or UTF-16 with a mark) as WebVTT, ordered by time.

    Raises Unplayable, with the number of the line, for what is neither.
    """
    if len(raw) > MAX_BYTES:
        raise Unplayable(f"Subtitles may have at most {MAX_BYTES >> 20} MiB.")
    cues = sorted(_cues(_decode(raw)), key=lambda cue: (cue.begin, cue.end))
    if not cues:
        raise Unplayable("There are no subtitles in this file. Send SubRip (.srt) or WebVTT (.vtt).")
    return "WEBVTT\n\n" + "\n".join(
        f"{timestamp(cue.begin / 1000)} --> {timestamp(cue.end / 1000)}{cue.settings}\n{cue.text}\n" for cue in cues
    )


def _decode(raw: bytes) -> str:
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise Unplayable(f"Line {line} is not UTF-8. Save the subtitles as UTF-8 and send them again.") from problem
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise Unplayable(f"Line {line} is not text. Send SubRip (.srt) or WebVTT (.vtt).")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """What stands between empty lines, with the number of its first line."""
    first, block = 1, list[str]()
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            first = first if block else number
            block.append(line)
        elif block:
            yield first, block
            block = []


def _cues(text: str) -> Iterator[Cue]:
    is_webvtt = False
    for number, block in _blocks(text):
        if number == 1 and block[0].split()[0] == "WEBVTT":
            is_webvtt = True  # its further lines are headers
            continue
        if is_webvtt and _NOT_SHOWN.match(block[0]):
            continue
        # A number or a name may stand above the times.
        place = 0 if "-->" in block[0] else 1
        match = _TIMING.fullmatch(block[place]) if place < len(block) else None
        if match is None:
            line = number + min(place, len(block) - 1)
            raise Unplayable(f"Line {line}: a time such as 00:00:01.000 --> 00:00:04.000 was expected here.")
        begin, end = _milliseconds(*match.groups()[:4]), _milliseconds(*match.groups()[4:8])
        if end < begin:
            raise Unplayable(f"Line {number + place}: the subtitle ends before it begins.")
        shown = "\n".join(filter(None, map(_text, block[place + 1 :])))
        if shown and begin < end:
            settings = "".join(f" {word}" for word in (match[9] or "").split() if _SETTING.fullmatch(word))
            yield Cue(begin, end, settings, shown)


def _milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))


def _text(line: str) -> str:
    """One line of a cue: WebVTT's tags stay, other tags go, what could be read as markup or a time is escaped."""
    line = _PLACING.sub("", line)
    kept, place = [], 0
    for tag in _ANY_TAG.finditer(line):
        kept.append(_escape(line[place : tag.start()]))
        if _TAG.fullmatch(tag[0]):
            kept.append(tag[0])
        elif not re.match(r"</?[a-zA-Z]", tag[0]):
            kept.append(_escape(tag[0]))  # no tag at all: 1 < 2 > 0
        place = tag.end()
    kept.append(_escape(line[place:]))
    return "".join(kept).strip()


def _escape(text: str) -> str:
    pieces, place = [], 0
    for entity in _ENTITY.finditer(text):
        pieces += [text[place : entity.start()].replace("&", "&amp;"), entity[0]]
        place = entity.end()
    pieces.append(text[place:].replace("&", "&amp;"))
    return "".join(pieces).replace("<", "&lt;").replace(">", "&gt;")
