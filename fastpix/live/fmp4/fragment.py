"""A fragment: some samples of each track, and when they are decoded and shown (ISO/IEC 14496-12, section 8.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

from fastpix.live.fmp4.boxes import box

# A file may be cut off between two fragments, and what is before is whole.
TYPE = box(b"styp", b"msdh", bytes(4), b"msdhmsix")
_IS_KEYFRAME, _NEEDS_OTHERS = 0x02000000, 0x01010000
# Flags of tfhd: places count from the fragment's beginning; how long, and how its samples are.
_BASE, _DURATION, _FLAGS = 0x020000, 0x08, 0x20
# Flags of trun: where the data is; of each sample how long, its bytes, how it is, how much later it is shown.
_PLACE, _DURATIONS, _SIZES, _FLAG_EACH, _OFFSETS = 0x01, 0x100, 0x200, 0x400, 0x800


@dataclass(slots=True)
class Sample:
    """A picture, or a frame of sound. Times are in units of its track; `offset` is from decoding to showing."""

    at: int
    data: memoryview
    offset: int = 0
    is_keyframe: bool = True
    duration: int = 0


@dataclass(frozen=True)
class Run:
    """Samples of one track, one after the other."""

    track: int
    samples: Sequence[Sample]
    is_picture: bool


def written(number: int, runs: Sequence[Run]) -> bytes:
    """The boxes moof and mdat of the runs; none is empty."""
    trafs: list[tuple[bytes, bytes, bytes]] = []
    size = 8 + 16
    for run in runs:
        trafs.append(_picture(run) if run.is_picture else _sound(run))
        size += 8 + sum(map(len, trafs[-1])) + 4
    data = [sample.data for run in runs for sample in run.samples]
    place, parts = size + 8, [pack(">I4sI4sII", size, b"moof", 16, b"mfhd", 0, number)]
    for run, (head, begin, rest) in zip(runs, trafs, strict=True):
        parts += (pack(">I4s", 12 + len(head) + len(begin) + len(rest), b"traf"), head, begin, pack(">i", place), rest)
        place += sum(len(sample.data) for sample in run.samples)
    parts.append(pack(">I4s", 8 + place - size - 8, b"mdat"))
    return b"".join((*parts, *data))


def _picture(run: Run) -> tuple[bytes, bytes, bytes]:
    """What stands before the place of the data, in two parts, and behind it."""
    fields: list[int] = []
    for sample in run.samples:
        flags = _IS_KEYFRAME if sample.is_keyframe else _NEEDS_OTHERS
        fields += (sample.duration, len(sample.data), flags, sample.offset)
    head = pack(">I4sII", 16, b"tfhd", _BASE, run.track)
    rest = pack(">" + "IIIi" * len(run.samples), *fields)
    return head + _begin(run), _trun(run, _PLACE | _DURATIONS | _SIZES | _FLAG_EACH | _OFFSETS, len(rest)), rest


def _sound(run: Run) -> tuple[bytes, bytes, bytes]:
    duration = run.samples[0].duration
    is_even = all(sample.duration == duration for sample in run.samples)
    head = pack(">I4sIIII", 24, b"tfhd", _BASE | _DURATION | _FLAGS, run.track, duration, _IS_KEYFRAME)
    if is_even:
        fields = [len(sample.data) for sample in run.samples]
    else:
        fields = [field for sample in run.samples for field in (sample.duration, len(sample.data))]
    rest = pack(f">{len(fields)}I", *fields)
    return head + _begin(run), _trun(run, _PLACE | _SIZES | (0 if is_even else _DURATIONS), len(rest)), rest


def _begin(run: Run) -> bytes:
    return pack(">I4sIQ", 20, b"tfdt", 1 << 24, run.samples[0].at)


def _trun(run: Run, flags: int, following: int) -> bytes:
    return pack(">I4sII", 20 + following, b"trun", 1 << 24 | flags, len(run.samples))
