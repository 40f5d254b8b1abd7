"""Reads from the beginning of a coded picture how large it is, for films that change their size on the way.

Sources: H.264 7.3.2.1.1 (sequence parameter set), RFC 6386 9.1 (VP8), VP9 6.2, ISO/IEC 13818-2 6.2.2.1 (MPEG-2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

Size = tuple[int, int]
HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128)
UNSAID = 2
BROKEN = (IndexError, ValueError)


class _Bits:
    """Takes bits from the front; Exp-Golomb codes are H.264 9.1."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), len(data) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise ValueError("the header is cut off")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def sizes(codec: str, heads: Iterable[bytes]) -> frozenset[Size]:
    """The sizes that are told by `heads`: for H.264 sequence parameter sets, else beginnings of key frames."""
    read = READERS.get(codec)
    if read is None:
        return frozenset()
    found = set()
    for head in heads:
        with suppress(*BROKEN):
            found.add(read(head))
    return frozenset(size for size in found if min(size) > 0)


@dataclass(frozen=True)
class Sequence:
    """What a sequence parameter set of H.264 says. `aspect` is that of a pixel, (0, 0) for one that only a table tells;
    `colours` are primaries, transfer and matrix (E.2.1) and whether the range is full. None: it does not say.
    """

    size: Size
    is_progressive: bool
    aspect: tuple[int, int] | None = None
    colours: tuple[int, int, int, bool] | None = None


def sequence(unit: bytes) -> Sequence | None:
    """What a sequence parameter set says; None where it cannot be read."""
    try:
        return _sequence(unit)
    except BROKEN:
        return None


def says_colours(unit: bytes) -> bool:
    """Whether a sequence parameter set says with which matrix its colours were made (H.264 E.1.1)."""
    read = sequence(unit)
    return read is not None and read.colours is not None and read.colours[2] != UNSAID


def _h264(unit: bytes) -> Size:
    return _sequence_head(unit)[0].size


def _sequence(unit: bytes) -> Sequence:
    head, bits = _sequence_head(unit)
    if not bits.take(1):  # no usability information
        return head
    aspect = None
    if bits.take(1):
        number = bits.take(8)
        if number == 255:  # the shape of a pixel, in full
            aspect = (bits.take(16), bits.take(16))
        elif number:
            aspect = (1, 1) if number == 1 else (0, 0)
    if bits.take(1):  # overscan
        bits.take(1)
    colours = None
    if bits.take(1):
        is_full = bool(bits.take(4) & 1)
        if bits.take(1):
            colours = (bits.take(8), bits.take(8), bits.take(8), is_full)
    return Sequence(head.size, head.is_progressive, aspect, colours)


def _sequence_head(unit: bytes) -> tuple[Sequence, _Bits]:
    """The size, and what follows it: the usability information."""
    bits = _Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()
    chroma = _chroma(bits) if profile in HIGH_PROFILES else 1
    bits.unsigned()
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()
    bits.take(1)
    width, height = 16 * (bits.unsigned() + 1), 16 * (bits.unsigned() + 1)
    is_frames = bits.take(1)
    if not is_frames:
        height *= 2
        bits.take(1)
    bits.take(1)
    left, right, top, bottom = (bits.unsigned() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1) * (2 - is_frames)
    size = width - across * (left + right), height - down * (top + bottom)
    return Sequence(size, bool(is_frames)), bits


def _chroma(bits: _Bits) -> int:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for number in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _scaling_list(bits, 16 if number < 6 else 64)
    return chroma


def _scaling_list(bits: _Bits, count: int) -> None:
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _vp8(frame: bytes) -> Size:
    if frame[3:6] != b"\x9d\x01\x2a":
        raise ValueError("no key frame")
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


def _vp9(frame: bytes) -> Size:
    bits = _Bits(frame[:24])
    bits.take(2)
    profile = bits.take(1) + 2 * bits.take(1)
    if profile == 3:
        bits.take(1)
    if bits.take(1) or bits.take(1):  # shows a frame again; is no key frame
        raise ValueError("no key frame")
    bits.take(2)
    if bits.take(24) != 0x498342:
        raise ValueError("no key frame")
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != 7:  # not RGB
        bits.take(1 + 3 * (profile in (1, 3)))
    else:
        bits.take(profile in (1, 3))
    return bits.take(16) + 1, bits.take(16) + 1


def _mpeg2(frame: bytes) -> Size:
    place = frame.index(b"\0\0\1\xb3") + 4
    bits = _Bits(frame[place : place + 3])
    return bits.take(12), bits.take(12)


READERS: dict[str, Callable[[bytes], Size]] = {"h264": _h264, "vp8": _vp8, "vp9": _vp9, "mpeg2video": _mpeg2}
