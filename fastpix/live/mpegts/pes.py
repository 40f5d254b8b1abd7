"""The packets of one track put together: pictures and runs of sound, with their times (ISO/IEC 13818-1, section 2.4.3)."""

from __future__ import annotations

from typing import NamedTuple

from fastpix.live.mpegts.errors import StreamError

PACKET_SIZE = 188
LONGEST = 4 << 20  # bytes of a picture, as of RTMP's messages
_DISCONTINUITY, _RANDOM_ACCESS = 0x80, 0x40  # flags of an adaptation field
_START = b"\x00\x00\x01"


class Unit(NamedTuple):
    """What one PES packet carries. Times are in ticks of 90 kHz, modulo 2^33; None: it says none.

    `is_entry`: decoding may begin here, says the multiplexer. `follows_loss`: the one before is missing, or its end is.
    """

    presentation: int | None
    decoding: int | None
    is_entry: bool
    follows_loss: bool
    data: bytes


class Assembler:
    """Of a unit that lost a packet nothing is handed out: half a picture is worse than none."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = self._announced = 0
        self._counter: int | None = None
        self._is_whole = self._is_entry = self._has_lost = False

    def feed(self, data: bytes, place: int) -> list[Unit]:
        """The units that the packet at `place` completes. Raises StreamError."""
        control, start, flags = data[place + 3] >> 4 & 3, place + 4, 0
        if control & 2:
            length = data[start]
            flags = data[start + 1] if length else 0
            start += 1 + length
        if not control & 1:  # no payload
            return []
        counter = data[place + 3] & 0x0F
        if counter == self._counter and not flags & _DISCONTINUITY:
            return []  # sent twice
        if self._counter is not None and counter != self._counter + 1 & 0x0F and not flags & _DISCONTINUITY:
            self._is_whole, self._has_lost = False, True
        self._counter = counter
        units = []
        if data[place + 1] & 0x40:
            units = self.flush()
            self._is_whole, self._is_entry, self._announced = True, bool(flags & _RANDOM_ACCESS), 0
        return units + self._add(data[start : place + PACKET_SIZE])

    def flush(self) -> list[Unit]:
        """What was gathered, when nothing more belongs to it."""
        parts, is_whole = self._parts, self._is_whole
        self._parts, self._size, self._is_whole = [], 0, False
        if not is_whole or not parts:
            return []
        unit = _unit(b"".join(parts), self._is_entry, self._has_lost)
        self._has_lost = unit is None
        return [unit] if unit else []

    def _add(self, payload: bytes) -> list[Unit]:
        if not self._is_whole:
            self._parts.clear()
            return []
        self._parts.append(payload)
        self._size += len(payload)
        if self._size > LONGEST:
            raise StreamError("A picture is too large for this server.")
        if len(self._parts) == 1 and len(payload) >= 6:
            length = int.from_bytes(payload[4:6], "big")
            self._announced = length + 6 if length else 0
        return self.flush() if self._announced and self._size >= self._announced else []


def _unit(data: bytes, is_entry: bool, follows_loss: bool) -> Unit | None:
    if len(data) < 9 or data[:3] != _START or data[6] & 0xC0 != 0x80 or len(data) < 9 + data[8]:
        return None
    length = int.from_bytes(data[4:6], "big")
    if length and len(data) < length + 6:
        return None
    start, times = 9 + data[8], data[7] >> 6
    presentation = _time(data, 9) if times & 2 and data[8] >= 5 else None
    decoding = _time(data, 14) if times == 3 and data[8] >= 10 else presentation
    return Unit(presentation, decoding, is_entry, follows_loss, data[start : length + 6 if length else None])


def _time(data: bytes, place: int) -> int:
    high, middle, low = data[place], *(int.from_bytes(data[at : at + 2], "big") for at in (place + 1, place + 3))
    return (high >> 1 & 7) << 30 | (middle >> 1) << 15 | low >> 1
