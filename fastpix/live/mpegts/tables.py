"""The tables of a transport stream: which packets belong to which track (ISO/IEC 13818-1, sections 2.4.4 and 2.6)."""

from __future__ import annotations

from typing import NamedTuple

LONGEST_SECTION = 1024 + 3
_PAT, _PMT = 0, 2
_PRIVATE = 6  # what it is say the descriptors
_PICTURES = {
    0x01: "mpeg1video", 0x02: "mpeg2video", 0x10: "mpeg4", 0x1B: "h264", 0x21: "jpeg2000", 0x24: "hevc", 0x33: "vvc",
}  # fmt: skip
_SOUNDS = {0x03: "mp2", 0x04: "mp2", 0x0F: "aac", 0x11: "aac_latm", 0x81: "ac3", 0x87: "eac3"}
_REGISTERED = {b"HEVC": (True, "hevc"), b"AV01": (True, "av1"), b"Opus": (False, "opus"), b"AC-3": (False, "ac3")}
_DESCRIBED = {0x6A: (False, "ac3"), 0x7A: (False, "eac3"), 0x7B: (False, "dts")}  # ETSI EN 300 468


class Track(NamedTuple):
    packet_id: int
    is_picture: bool
    codec: str


class Sections:
    """Puts the sections of one packet id together."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, payload: bytes, *, is_start: bool) -> bytes | None:
        """A section, when it is complete; without the checksum, since SRT lets no wrong bits through."""
        if is_start:
            self._data = bytearray(payload[1 + payload[0] :]) if payload else bytearray()
        elif self._data:
            self._data += payload
        if len(self._data) < 3:
            return None
        size = 3 + (int.from_bytes(self._data[1:3], "big") & 0xFFF)
        if size > LONGEST_SECTION or size < 12:
            self._data.clear()
            return None
        if len(self._data) < size:
            return None
        section = bytes(self._data[: size - 4])
        self._data.clear()
        return section


def program_in(section: bytes) -> int | None:
    """The packet id of the first program's table, by a program association section."""
    if section[0] != _PAT:
        return None
    for place in range(8, len(section) - 3, 4):
        number, packet_id = (int.from_bytes(section[at : at + 2], "big") for at in (place, place + 2))
        if number:  # 0 is the network's
            return packet_id & 0x1FFF
    return None


def tracks_in(section: bytes) -> list[Track] | None:
    """The tracks of picture and sound, by a program map section; None if it is none."""
    if section[0] != _PMT or len(section) < 12:
        return None
    found = []
    place = 12 + _length(section, 10)
    while place + 5 <= len(section):
        size = _length(section, place + 3)
        kind, packet_id = section[place], int.from_bytes(section[place + 1 : place + 3], "big") & 0x1FFF
        known = _known(kind, section[place + 5 : place + 5 + size])
        if known is not None:
            found.append(Track(packet_id, *known))
        place += 5 + size
    return found


def _length(section: bytes, place: int) -> int:
    return int.from_bytes(section[place : place + 2], "big") & 0xFFF


def _known(kind: int, descriptors: bytes) -> tuple[bool, str] | None:
    if kind in _PICTURES:
        return True, _PICTURES[kind]
    if kind in _SOUNDS:
        return False, _SOUNDS[kind]
    place = 0
    while kind == _PRIVATE and place + 2 <= len(descriptors):
        tag, size = descriptors[place : place + 2]
        data = descriptors[place + 2 : place + 2 + size]
        known = _REGISTERED.get(data[:4]) if tag == 5 else _DESCRIBED.get(tag)
        if known is not None:
            return known
        place += 2 + size
    return None
