"""What the master playlist says of a broadcast's segments: bit rates and pictures a second. Pure computations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastpix.resources.live_streams.broadcasts.models import LiveSegment

# Encoders' times are whole milliseconds, so a stretch is up to one longer or shorter than the encoder meant, in seconds.
ROUNDING = 0.001
# What a shorter segment has of pictures a second says little: its end is a guess.
SHORTEST = 1.0
# Of these, television's is a thousandth slower: 29.970 for 30.
SLOWER = (24, 30, 48, 60, 120)


@dataclass(frozen=True)
class Rates:
    """`bandwidth` is the most that a segment has, in bits a second, `average_bandwidth` what all have together.

    `frame_rate`: pictures a second of the part that is sent now, at its quickest; 0 where it has none.
    """

    bandwidth: int
    average_bandwidth: int
    frame_rate: float


def rates(segments: Sequence[LiveSegment]) -> Rates:
    """Those of the segments that players see now, oldest first; there is at least one."""
    seconds = sum(segment.seconds for segment in segments)
    average = round(sum(segment.size for segment in segments) * 8 / seconds)
    # RFC 8216, 4.1: the peak counts stretches of at least half the target duration, so not a short last segment.
    half = max(segment.seconds for segment in segments) / 2
    peak = max(segment.size * 8 / segment.seconds for segment in segments if segment.seconds >= half)
    last_part = segments[-1].part
    return Rates(max(round(peak), average), average, _frame_rate([s for s in segments if s.part == last_part]))


def _frame_rate(segments: Sequence[LiveSegment]) -> float:
    """RFC 8216, 4.3.4.2: the highest. That is the mean, unless some segment surely has more."""
    counted = [(s.frames, s.seconds) for s in segments if s.seconds >= SHORTEST]
    counted = counted or [(s.frames, s.seconds) for s in segments]
    together = sum(frames for frames, _ in counted), sum(seconds for _, seconds in counted)
    frames, seconds = max((together, *counted), key=lambda pair: pair[0] / (pair[1] + ROUNDING))
    return round(_as_meant(frames, max(seconds, 2 * ROUNDING)), 3)


def _as_meant(frames: int, seconds: float) -> float:
    """The rate that an encoder was set to, if these seconds may be so many of its pictures; else what was measured."""
    measured = frames / seconds
    least, most = frames / (seconds + ROUNDING), frames / (seconds - ROUNDING)
    usual = (float(round(measured)), *(rate / 1.001 for rate in SLOWER))
    return min((r for r in usual if least <= r <= most), key=lambda rate: abs(rate - measured), default=measured)
