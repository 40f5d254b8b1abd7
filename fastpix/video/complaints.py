"""What ffmpeg's complaints about a source mean for its owner."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import dropwhile

DAMAGED = "The source is damaged in places: picture or sound may be faulty there."
STARTS_LATE = (
    "The source begins in the middle, as a recording of a broadcast does: its picture starts with the first whole one."
)
# Of H.264, HEVC and MPEG-2, as ffmpeg's decoders say that the parameters of a picture were sent before the file begins.
_WITHOUT_PARAMETERS = re.compile(
    r"non-existing PPS \d+ referenced|no frame!|decode_slice_header error|PPS id out of range|"
    r"Invalid frame dimensions 0x0|Last message repeated \d+ times"
)


def notices(complaints: Iterable[str]) -> tuple[str, ...]:
    """The sentences for the owner: none where nothing was complained of."""
    lines = tuple(complaints)
    rest = tuple(dropwhile(_WITHOUT_PARAMETERS.search, lines))
    starts_late = len(rest) < len(lines)
    return (*((STARTS_LATE,) if starts_late else ()), *((DAMAGED,) if rest else ()))
