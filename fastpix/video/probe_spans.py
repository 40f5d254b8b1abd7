"""What the packets of a file say of its length and of its pictures' rhythm, for the program that looks into it.

Imports nothing else of fastpix, as `fastpix.video.probe_child`, which runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

# Where the time stamps of a recording that was joined to another begin anew, ffmpeg goes on where it was.
JUMPING = ("mpegts", "mpeg")
MOST_BACK, MOST_AHEAD = 1.0, 10.0
MOST_STAMPS = 200_000
# Of the pictures, a fifth come as fast as that: bursts count, a pair that comes early does not.
BURST = 0.2
LEAST_GAP = 1 / 1000


class Spans:
    """How long each stream plays, from stretch to stretch, and when its key pictures come. Times in seconds."""

    def __init__(self, container: str, video: Any) -> None:
        self._may_jump, self._video = container in JUMPING, video
        self._lengths: dict[int, _Length] = {}
        self._keys: list[float] = []
        self._stamps: list[float] = []
        self.pictures = 0

    def take(self, packet: Any, begin: float, end: float) -> None:
        """Take a packet that has times, and is not one that an edit list hides."""
        if packet.is_discard:
            return
        length = self._lengths.setdefault(packet.stream.index, _Length())
        decoded = begin if packet.dts is None else float(packet.dts * packet.time_base)
        position = length.take(decoded, begin, end, may_jump=self._may_jump)
        if packet.stream is self._video:
            if packet.is_keyframe:
                self._keys.append(position)
            if len(self._stamps) < MOST_STAMPS:
                self._stamps.append(position)

    def note(self, found: dict[str, Any]) -> None:
        """All packets were seen: what they say is true, whatever the header says."""
        if self._lengths:
            found["measured_duration"] = self._whole()
            found["jumps"] = max(length.jumps for length in self._lengths.values())
        length = self._lengths.get(self._video.index) if self._video else None
        if length and self._keys:
            found["longest_gop"] = longest_gap(self._keys, length.seconds)
            found["measured_frame_rate"] = self.pictures / length.seconds if length.seconds > 0 else None
            found["burst_rate"] = burst_rate(self._stamps)

    def _whole(self) -> float:
        lengths = self._lengths.values()
        if any(length.jumps for length in lengths):
            return max(length.seconds for length in lengths)
        return max(length.high for length in lengths) - min(length.low for length in lengths)


class _Length:
    """One stream: the present stretch, and how long those before it were."""

    def __init__(self) -> None:
        self._before, self._last = 0.0, 0.0
        self.low = self.high = 0.0
        self.jumps = -1  # the beginning is none

    @property
    def seconds(self) -> float:
        return self._before + self.high - self.low

    def take(self, decoded: float, begin: float, end: float, *, may_jump: bool) -> float:
        """When the packet begins, counted from the first one over all stretches."""
        if self.jumps < 0 or (may_jump and not -MOST_BACK <= decoded - self._last <= MOST_AHEAD):
            self._before += self.high - self.low
            self.low, self.high = begin, end
            self.jumps += 1
        self._last = decoded
        self.low, self.high = min(self.low, begin), max(self.high, end)
        return self._before + begin - self.low


def longest_gap(keys: Iterable[float], end: float) -> float:
    """The longest group of pictures, between key pictures and to the end."""
    keys = sorted(keys)
    return max(after - before for before, after in pairwise([*keys, max(end, keys[-1])]))


def burst_rate(stamps: Sequence[float]) -> float | None:
    """Pictures a second where they come fastest, in bursts that are more than a pair; None of too few."""
    gaps = sorted(after - before for before, after in pairwise(sorted(stamps)) if after - before >= LEAST_GAP)
    return 1 / gaps[int(len(gaps) * BURST)] if len(gaps) >= 10 else None
