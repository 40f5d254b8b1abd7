"""The other half of the program that looks into a stranger's file: what its packets say of time, and what changes in it.

Imports nothing else of fastpix, as `fastpix.video.probe_child`, which runs it.
"""

from __future__ import annotations

import struct
from io import FileIO
from typing import Any

HEAD_BYTES, MOST_HEADS = 4096, 64
MOST_BOXES = 32  # before the first fragment
# Kinds of H.264's units (7.4.1): parts of a picture; of one behind which nothing refers to what is before it; and its setup.
SLICES, IDR, SEQUENCE_SET = range(1, 6), 5, 7
# Where the descriptions of an MP4's samples lie (ISO/IEC 14496-12).
WAY = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


class Clock:
    """When a stream begins and ends, how far its packets stray from what their samples add up to, and what changes in it.

    Times are in seconds. `heads` are beginnings of key frames, or of H.264 its sequence parameter sets, each once. `hidden`
    counts the packets that an edit list says are not to be shown; `is_open` tells of key pictures of H.264 behind which
    pictures refer to what is before them.
    """

    def __init__(self, stream: Any) -> None:
        self._stream, self._unit = stream, float(stream.time_base)
        self._begin = stream.start_time * self._unit if stream.start_time is not None else None
        context = stream.codec_context
        self._codec, self._setup = context.codec.canonical_name, bytes(context.extradata or b"")
        is_counted = self._codec == "aac" and context.sample_rate
        self._frame = (context.frame_size or 1024) / context.sample_rate if is_counted else 0.0
        self._first: float | None = None
        self._end: float | None = None
        self._count, self._stray, self._changes, self.is_whole = 0, 0.0, False, False
        self._length_size = (self._setup[4] & 3) + 1 if self._setup[:1] == b"\1" else 0
        self._heads = set(_sets_of_setup(self._setup)) if self._codec == "h264" else set()
        self._hidden, self._is_open = 0, False

    def count_hidden(self) -> None:
        """Of a file of sound alone, whose packets are not read: what its index says is not to be heard."""
        self._hidden = sum(entry.is_discard for entry in self._stream.index_entries)

    def read_index(self, file: FileIO) -> None:
        """Take the times from the container's own index, which is whole, and look at the key frames' beginnings."""
        is_picture = self._stream.type == "video"
        for entry in self._stream.index_entries:
            self._take(entry.timestamp * self._unit)
            self._hidden += entry.is_discard
            if is_picture and entry.is_keyframe:
                file.seek(entry.pos)
                self._look(file.read(min(entry.size, HEAD_BYTES)))
        if self._end is not None:
            length = (self._stream.duration or 0) * self._unit  # pictures are shown later than their times of decoding
            begin = self._begin or 0.0
            # Of sound before zero, libav says that it begins there.
            begin = min(begin, self._first or 0.0) if self._frame else begin
            self._end = max(self._end + self._frame, length + begin)
        self.is_whole = True

    def take(self, packet: Any, begin: float, end: float) -> None:
        """Take a packet with its times."""
        self._take(begin)
        self._end = max(self._end or end, end)
        if self._count > 1 and packet.has_sidedata("new_extradata"):
            self._changes = True
            self._heads.update(_sets_of_setup(bytes(packet.get_sidedata("new_extradata"))))
        self._hidden += packet.is_discard
        if packet.size and packet.is_keyframe:
            self._look(bytes(memoryview(packet)[:HEAD_BYTES]))

    def _look(self, start: bytes) -> None:
        if self._codec == "h264":
            kinds = [unit[0] & 31 for unit in _units(start, self._length_size)]
            self._is_open |= next((kind for kind in kinds if kind in SLICES), IDR) != IDR
        if len(self._heads) < MOST_HEADS:
            self._read_head(start)

    def _read_head(self, start: bytes) -> None:
        if self._codec == "h264":
            self._heads.update(_sequence_sets(start, self._length_size))
        elif self._codec == "vp8":
            self._heads.add(bytes(3) + start[3:10])  # before it, bytes that differ in each frame
        elif self._codec in ("vp9", "mpeg2video"):
            self._heads.add(start[:12])
        elif self._codec == "aac" and not self._setup and start[:1] == b"\xff":  # ADTS: a header in each packet
            self._heads.add(bytes((start[2] & 0xFD, start[3] & 0xC0)))
            self._changes = len(self._heads) > 1

    def _take(self, at: float) -> None:
        if self._first is None:
            self._first = at
        if self._frame:
            self._stray = max(self._stray, abs(at - self._first - self._count * self._frame))
        self._count += 1
        self._end = at if self._end is None or at > self._end else self._end

    def told(self) -> dict[str, Any]:
        return {
            "begin": self._first if self._begin is None else self._begin,
            "end": self._end if self.is_whole else None,
            "stray": self._stray,
            "changes": self._changes,
            "hidden": self._hidden,
            "is_open": self._is_open,
            "heads": sorted(head.hex() for head in self._heads),
            "is_empty": self.is_whole and not self._count,
        }


def _units(data: bytes, length_size: int) -> list[bytes]:
    """The units (H.264 7.4.1) in the beginning of a picture, the last of them cut off; 0: they begin with start codes."""
    units, place = [], 0
    if not length_size:
        units = [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:]]
    while length_size and place + length_size < len(data):
        length = int.from_bytes(data[place : place + length_size], "big")
        place += length_size + length
        units.append(data[place - length : place])
    return [unit for unit in units if unit]


def _sequence_sets(data: bytes, length_size: int) -> list[bytes]:
    return [unit for unit in _units(data, length_size) if unit[0] & 31 == SEQUENCE_SET]


def _sets_of_setup(setup: bytes) -> list[bytes]:
    """The same of what a decoder is set up with: avcC (14496-15) or units with start codes."""
    if setup[:1] != b"\1":
        return _sequence_sets(setup, 0)
    sets, place = [], 6
    for _ in range(setup[5] & 31 if len(setup) > 5 else 0):
        length = int.from_bytes(setup[place : place + 2], "big")
        sets.append(setup[place + 2 : place + 2 + length])
        place += 2 + length
    return sets


def has_fragments(file: FileIO, size: int) -> bool:
    """Whether an MP4 is written in fragments, as recorders do that may be cut off."""
    place = file.tell()
    try:
        at = 0
        for _ in range(MOST_BOXES):
            file.seek(at)
            head = file.read(16)
            if len(head) < 8 or head[4:8] == b"moof":
                return head[4:8] == b"moof"
            length = int.from_bytes(head[:4], "big")
            at += int.from_bytes(head[8:16], "big") if length == 1 else length
            if length in range(2, 8) or length == 0 or at >= size:
                return False
        return False
    finally:
        file.seek(place)


def has_several_setups(file: FileIO, size: int) -> bool:
    """Whether a track of an MP4 begins anew with another description of its samples, as joined films do."""
    place = file.tell()
    try:
        return _most_descriptions(file, 0, size, 0) > 1
    except (struct.error, ValueError):
        return False
    finally:
        file.seek(place)


def _most_descriptions(file: FileIO, place: int, end: int, depth: int) -> int:
    most = 0
    while place + 8 <= end:
        file.seek(place)
        length, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if length == 1:
            length, head = struct.unpack(">Q", file.read(8))[0], 16
        length = length or end - place
        if length < head:
            break
        if depth < len(WAY) and name == WAY[depth]:
            most = max(most, _most_descriptions(file, place + head, min(place + length, end), depth + 1))
        elif depth == len(WAY) and name == b"stsd":
            file.seek(place + head + 4)
            most = max(most, struct.unpack(">I", file.read(4))[0])
        place += length
    return most
