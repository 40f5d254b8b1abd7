"""Reads the few boxes of fragmented MP4 that a playlist must be right about: codecs, and when the pictures end.

For files we made ourselves. Source of the formats: ISO/IEC 14496-12 (boxes), 14496-15 (avcC), 14496-1 (esds).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastpix.video import headers

CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf")
VISUAL_ENTRY, AUDIO_ENTRY = 78, 28  # bytes of a sample entry before its own boxes


@dataclass(frozen=True)
class Track:
    """A track of an init segment. `codec` is its RFC 6381 name; `sample_duration` is in units of 1/`timescale` s."""

    id: int
    timescale: int
    codec: str
    sample_duration: int


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each box, in order; of a container its name alone, then what is in it."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size < head:
            return
        stop = min(start + size, end)
        if name in CONTAINERS:
            yield name, b""
            yield from walk(data, start + head, stop)
        else:
            yield name, data[start + head : stop]
        start += size


def tracks(init: bytes) -> list[Track]:
    """The tracks that an init segment announces."""
    numbers: list[int] = []
    timescales: list[int] = []
    codecs: list[str] = []
    durations: dict[int, int] = {}
    for name, content in walk(init):
        if name == b"tkhd":
            numbers.append(struct.unpack_from(">I", content, 20 if content[0] else 12)[0])
        elif name == b"mdhd":
            timescales.append(struct.unpack_from(">I", content, 20 if content[0] else 12)[0])
        elif name == b"stsd":
            codecs.append(_codec(content[8:]))
        elif name == b"trex":
            number, _, duration = struct.unpack_from(">III", content, 4)
            durations[number] = duration
    return [Track(*each, durations.get(each[0], 0)) for each in zip(numbers, timescales, codecs, strict=True)]


def picture_size(init: bytes) -> tuple[int, int]:
    """Width and height of the picture, from the first visual sample entry; zeros where there is none."""
    for name, content in walk(init):
        if name == b"stsd":
            kind, entry = next(walk(content[8:]))
            if kind in (b"avc1", b"avc3", b"hvc1", b"hev1", b"av01", b"vp09"):
                width, height = struct.unpack_from(">HH", entry, 24)
                return width, height
    return 0, 0


def says_colours(init: bytes) -> bool:
    """Whether the first visual sample entry, or the picture's own head in it, says what its colours are."""
    for name, content in walk(init):
        if name == b"stsd":
            kind, entry = next(walk(content[8:]))
            if kind == b"avc1":
                inside = dict(walk(entry, VISUAL_ENTRY))
                setup = inside.get(b"avcC", b"")
                length = int.from_bytes(setup[6:8], "big")
                return b"colr" in inside or headers.says_colours(setup[8 : 8 + length])
    return False


def _codec(entries: bytes) -> str:
    """The RFC 6381 name of the first sample entry, such as `avc1.64001f` or `mp4a.40.2`."""
    kind, entry = next(walk(entries))
    inside = walk(entry, VISUAL_ENTRY if kind == b"avc1" else AUDIO_ENTRY)
    if kind == b"avc1":
        return "avc1." + dict(inside)[b"avcC"][1:4].hex()
    if kind == b"mp4a":
        return f"mp4a.40.{_audio_object_type(dict(inside)[b'esds'])}"
    return kind.decode("ascii", "replace")


def _audio_object_type(esds: bytes) -> int:
    """2 for AAC-LC: the first five bits of the decoder's configuration, which is the descriptor with the tag 5."""
    place = 4  # version and flags
    while place < len(esds):
        tag = esds[place]
        place += 1
        while esds[place] & 0x80:  # the length, seven bits a byte
            place += 1
        place += 1
        if tag == 5:
            return esds[place] >> 3
        place += {3: 3, 4: 13}.get(tag, len(esds))  # go into these two, behind their own fields
    return 2


def spans(segment: Path, of: list[Track]) -> dict[int, tuple[float, float]]:
    """When each track begins and ends in a segment, in seconds of the stream, by the track's number.

    Reads no media, only what is written about it.
    """
    found: dict[int, tuple[float, float]] = {}
    for track, begin, run, duration in _runs(segment, of):
        first, last = found.get(track.id, (begin / track.timescale, 0.0))
        end = (begin + _run_duration(run, duration)) / track.timescale
        found[track.id] = (first, max(last, end))
    return found


def sample_counts(segment: Path, of: list[Track]) -> dict[int, int]:
    """How many samples (pictures, frames of sound) each track has in a segment, by the track's number."""
    found: dict[int, int] = {}
    for track, _, run, _ in _runs(segment, of):
        found[track.id] = found.get(track.id, 0) + int(struct.unpack_from(">I", run, 4)[0])
    return found


def beginnings(segment: Path, of: list[Track]) -> dict[int, float]:
    """When the first sample of each track in a segment is shown or heard, in seconds of the stream, by the track's number."""
    found: dict[int, float] = {}
    for track, begin, run, _ in _runs(segment, of):
        found.setdefault(track.id, (begin + _first_offset(run)) / track.timescale)
    return found


def _runs(segment: Path, of: list[Track]) -> Iterator[tuple[Track, int, bytes, int]]:
    """Each run of samples: its track, its decode time, its box, and a sample's duration where the box says none."""
    known = {track.id: track for track in of}
    track, duration, moment = None, 0, 0
    for name, content in walk(_moofs(segment)):
        if name == b"tfhd":
            track = known.get(struct.unpack_from(">I", content, 4)[0])
            duration = _default_duration(content) or (track.sample_duration if track else 0)
        elif name == b"tfdt":
            moment = struct.unpack_from(">Q" if content[0] else ">I", content, 4)[0]
        elif name == b"trun" and track is not None:
            yield track, moment, content, duration
            moment += _run_duration(content, duration)


def _moofs(segment: Path) -> bytes:
    """The movie fragment boxes of a segment, without the media between them."""
    found, place, size = [], 0, segment.stat().st_size
    with segment.open("rb") as file:
        while place + 8 <= size:
            file.seek(place)
            length, name = struct.unpack(">I4s", file.read(8))
            if length == 1:
                length = struct.unpack(">Q", file.read(8))[0]
            if length < 8:
                break
            if name == b"moof":
                file.seek(place)
                found.append(file.read(length))
            place += length
    return b"".join(found)


def _default_duration(tfhd: bytes) -> int:
    flags = int.from_bytes(tfhd[1:4], "big")
    if not flags & 0x08:
        return 0
    before = 8 * bool(flags & 0x01) + 4 * bool(flags & 0x02)  # base-data-offset, sample-description-index
    return int(struct.unpack_from(">I", tfhd, 8 + before)[0])


def _run_duration(trun: bytes, default: int) -> int:
    flags, count = int.from_bytes(trun[1:4], "big"), struct.unpack_from(">I", trun, 4)[0]
    if not flags & 0x100:
        return int(default * count)
    place = 8 + 4 * bool(flags & 0x01) + 4 * bool(flags & 0x04)  # data-offset, first-sample-flags
    width = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    return sum(struct.unpack_from(">I", trun, place + width * number)[0] for number in range(count))


def _first_offset(trun: bytes) -> int:
    """By how much the first sample of a run is shown later than it is decoded."""
    flags = int.from_bytes(trun[1:4], "big")
    if not flags & 0x800:
        return 0
    place = 8 + 4 * bool(flags & 0x01) + 4 * bool(flags & 0x04)  # data-offset, first-sample-flags
    place += 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400))
    return int(struct.unpack_from(">i", trun, place)[0])
