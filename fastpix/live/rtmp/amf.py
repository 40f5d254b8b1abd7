"""AMF0: how RTMP writes the names and arguments of commands.

Source of the format: Adobe's Action Message Format AMF 0. Typed objects, references and XML are refused: no command
that matters here has them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum

from fastpix.live.rtmp.messages import ProtocolError

DEEPEST = 8  # objects inside objects
MOST_VALUES = 512  # in everything decoded at once


class _Marker(IntEnum):
    """The byte before a value, which says what it is."""

    NUMBER, BOOLEAN, STRING, OBJECT, NULL, UNDEFINED = 0, 1, 2, 3, 5, 6
    ECMA_ARRAY, OBJECT_END, STRICT_ARRAY, DATE, LONG_STRING, UNSUPPORTED = 8, 9, 10, 11, 12, 13


def encode(*values: object) -> bytes:
    """None, bool, int, float, str, mappings and sequences of those. Raises TypeError for anything else."""
    written = bytearray()
    for value in values:
        _write(written, value)
    return bytes(written)


def _write(written: bytearray, value: object) -> None:
    if value is None:
        written.append(_Marker.NULL)
    elif isinstance(value, bool):
        written += bytes((_Marker.BOOLEAN, value))
    elif isinstance(value, int | float):
        written += struct.pack(">Bd", _Marker.NUMBER, value)
    elif isinstance(value, str):
        text = value.encode()
        short = len(text) <= 0xFFFF
        written += (
            struct.pack(">BH" if short else ">BI", _Marker.STRING if short else _Marker.LONG_STRING, len(text)) + text
        )
    elif isinstance(value, Mapping):
        written.append(_Marker.OBJECT)
        for name, content in value.items():
            text = str(name).encode()
            written += struct.pack(">H", len(text)) + text
            _write(written, content)
        written += bytes((0, 0, _Marker.OBJECT_END))
    elif isinstance(value, Sequence):
        written += struct.pack(">BI", _Marker.STRICT_ARRAY, len(value))
        for content in value:
            _write(written, content)
    else:
        raise TypeError(f"AMF0 has no {type(value).__name__}.")


def decode(data: bytes) -> list[object]:
    """All values, one after the other: objects and ECMA arrays become dict, dates ms since 1970.

    Raises ProtocolError for everything malformed, deeper than DEEPEST or of more than MOST_VALUES values.
    """
    decoder = _Decoder(data)
    values = []
    while decoder.place < len(data):
        values.append(decoder.value(depth=0))
    return values


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.place = 0
        self._data = data
        self._values_left = MOST_VALUES

    def value(self, depth: int) -> object:
        if depth > DEEPEST:
            raise ProtocolError("AMF values are nested too deep.")
        self._spend(1)
        marker = self._take(1)[0]
        match marker:
            case _Marker.NUMBER:
                return self._number(">d")
            case _Marker.BOOLEAN:
                return self._take(1) != b"\x00"
            case _Marker.STRING:
                return self._text(2)
            case _Marker.OBJECT:
                return self._object(depth)
            case _Marker.NULL | _Marker.UNDEFINED | _Marker.UNSUPPORTED:
                return None
            case _Marker.ECMA_ARRAY:
                self._count()  # a hint; the end is marked
                return self._object(depth)
            case _Marker.STRICT_ARRAY:
                return [self.value(depth + 1) for _ in range(self._count())]
            case _Marker.DATE:
                moment = self._number(">d")
                self._take(2)  # the time zone, which is always 0
                return moment
            case _Marker.LONG_STRING:
                return self._text(4)
        raise ProtocolError("An AMF value is of a kind that is not used here.")

    def _object(self, depth: int) -> dict[str, object]:
        members: dict[str, object] = {}
        while (name := self._text(2)) or self._data[self.place : self.place + 1] != bytes((_Marker.OBJECT_END,)):
            members[name] = self.value(depth + 1)
        self.place += 1
        return members

    def _text(self, width: int) -> str:
        size = int.from_bytes(self._take(width), "big")
        try:
            return self._take(size).decode()
        except UnicodeDecodeError as problem:
            raise ProtocolError("An AMF string is not UTF-8.") from problem

    def _number(self, form: str) -> float:
        return float(struct.unpack(form, self._take(8))[0])

    def _count(self) -> int:
        """How many values an array announces: no more than may still come, so nobody has us wait for a billion."""
        count = int.from_bytes(self._take(4), "big")
        if count > self._values_left:
            raise ProtocolError("An AMF array announces too many values.")
        return count

    def _spend(self, values: int) -> None:
        self._values_left -= values
        if self._values_left < 0:
            raise ProtocolError("There are too many AMF values.")

    def _take(self, size: int) -> bytes:
        start, self.place = self.place, self.place + size
        if self.place > len(self._data):
            raise ProtocolError("An AMF value is cut off.")
        return self._data[start : self.place]
