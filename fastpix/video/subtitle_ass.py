"""Reads what is said in subtitles of Aegisub (Advanced SubStation Alpha, .ass and .ssa), without their looks."""

from __future__ import annotations

import re

# As both formats have them where a file names none.
_FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
_HEADING = re.compile(r"^\[Events\]\s*$", re.IGNORECASE | re.MULTILINE)
_LINE = re.compile(r"^Dialogue:", re.IGNORECASE | re.MULTILINE)
_BLOCK = re.compile(r"\{([^{}]*)\}")
_DRAWING = re.compile(r"\\p[1-9]")


def is_one(text: str) -> bool:
    """Whether the file is one of these: words in brackets alone may be a caption of another."""
    return _HEADING.search(text) is not None and _LINE.search(text) is not None


def lines(text: str) -> list[tuple[int, str]]:
    """Times and words as SubRip has them, with the numbers of the lines they stand in. Drawings and comments are none."""
    found: list[tuple[int, str]] = []
    fields, is_events = _FIELDS, False
    for number, line in enumerate(text.split("\n"), start=1):
        kind, _, rest = line.strip().partition(":")
        if line.startswith("["):
            is_events = line.strip().lower() == "[events]"
        elif is_events and kind.lower() == "format":
            fields = [name.strip().lower() for name in rest.split(",")]
        elif is_events and kind.lower() == "dialogue":
            found += [(number, each) for each in _cue(fields, rest)]
    return found


def _cue(fields: list[str], rest: str) -> list[str]:
    values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
    words = values.get("text", "")
    if any(_DRAWING.search(block) for block in _BLOCK.findall(words)):
        return []
    spoken = _BLOCK.sub("", words).replace(r"\n", " ").replace(r"\h", " ")
    return [f"{values.get('start', '').strip()} --> {values.get('end', '').strip()}", *spoken.split(r"\N"), ""]
