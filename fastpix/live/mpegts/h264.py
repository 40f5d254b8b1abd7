"""H.264 as transport streams carry it (ITU-T H.264, annex B), turned into what FLV carries (ISO/IEC 14496-15)."""

from __future__ import annotations

import re
from typing import NamedTuple

PICTURE, IDR, SPS, PPS, AUD, FILLER = 1, 5, 7, 8, 9, 12  # kinds of NAL units
MOST_SPS, MOST_PPS = 31, 255
_HIGH_PROFILES = (100, 110, 122, 144)  # whose configuration also says the format of colours
_LEFT_OUT = (SPS, PPS, AUD, FILLER)  # they stand in the configuration, or say nothing
_EMULATION = re.compile(rb"\x00\x00\x03")


class Picture(NamedTuple):
    """One access unit. `data` are its NAL units, each behind its length in four bytes; `config` is b"" unless it has one."""

    data: bytes
    is_keyframe: bool
    config: bytes


def picture_in(data: bytes, *, is_entry: bool) -> Picture | None:
    """The picture in an access unit; None where there is none. `is_entry`: decoding may begin here, says the multiplexer."""
    units = [unit for part in data.split(b"\x00\x00\x01")[1:] if (unit := part.rstrip(b"\x00"))]
    kinds = [unit[0] & 0x1F for unit in units]
    if not any(PICTURE <= kind <= IDR for kind in kinds):
        return None
    kept = (unit for unit, kind in zip(units, kinds, strict=True) if kind not in _LEFT_OUT)
    sets = [_distinct(units, kinds, kind) for kind in (SPS, PPS)]
    is_keyframe = IDR in kinds or (is_entry and SPS in kinds)
    joined = b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)
    return Picture(joined, is_keyframe, _config(*sets) if is_keyframe and all(sets) else b"")


def _distinct(units: list[bytes], kinds: list[int], kind: int) -> list[bytes]:
    found = (unit for unit, own in zip(units, kinds, strict=True) if own == kind and len(unit) < 1 << 16)
    return list(dict.fromkeys(found))


def _config(sps: list[bytes], pps: list[bytes]) -> bytes:
    """An AVCDecoderConfigurationRecord; b"" if the first set is too short to say a profile."""
    if len(sps[0]) < 4 or len(sps) > MOST_SPS or len(pps) > MOST_PPS:
        return b""
    record = b"\x01" + sps[0][1:4] + b"\xff" + bytes((0xE0 | len(sps),)) + _with_sizes(sps)
    record += bytes((len(pps),)) + _with_sizes(pps)
    if sps[0][1] in _HIGH_PROFILES:
        colours, luma, chroma = _colour_format(sps[0])
        record += bytes((0xFC | colours & 3, 0xF8 | luma & 7, 0xF8 | chroma & 7, 0))
    return record


def _with_sizes(units: list[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def _colour_format(sps: bytes) -> tuple[int, int, int]:
    """`chroma_format_idc`, and how many bits above eight luma and chroma have: the second to fourth number of the set."""
    bits = _Bits(_EMULATION.sub(b"\x00\x00", sps[4:64]))
    bits.number()  # the set's own
    colours = bits.number()
    if colours == 3:
        bits.bit()
    return colours, bits.number(), bits.number()


class _Bits:
    """Numbers of Exp-Golomb codes; behind the end there are ones, so that every number ends."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data)
        self._place = 0

    def bit(self) -> str:
        self._place += 1
        return self._bits[self._place - 1 : self._place] or "1"

    def number(self) -> int:
        zeros = 0
        while self.bit() == "0":
            zeros += 1
        return int("1" + "".join(self.bit() for _ in range(zeros)), 2) - 1
