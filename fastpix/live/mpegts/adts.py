"""AAC as transport streams carry it, in frames with headers of their own (ISO/IEC 14496-3, annex 1.A.2: ADTS)."""

from __future__ import annotations

from typing import NamedTuple

from fastpix.live.mpegts.errors import StreamError

SAMPLES = 1024  # of a frame
RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)  # Hz
MOST_LOST = 64 << 10  # bytes without a frame


class Frame(NamedTuple):
    """`config` is the AudioSpecificConfig; `data` the frame without its header."""

    config: bytes
    rate: int
    data: bytes


class FrameReader:
    """Frames out of bytes that are cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._lost = 0

    @property
    def has_rest(self) -> bool:
        """Whether a frame has begun that is not complete."""
        return bool(self._rest)

    def clear(self) -> None:
        """Forget what was begun: its end was lost."""
        self._rest = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete. Raises StreamError."""
        data = self._rest + data
        place, frames = 0, []
        while place + 7 <= len(data):
            size = _size(data, place)
            if not size:
                found = data.find(b"\xff", place + 1)
                self._skip((found if found > 0 else len(data)) - place)
                place = found if found > 0 else len(data)
            elif place + size > len(data):
                break
            else:
                frames.append(_frame(data, place, size))
                place, self._lost = place + size, 0
        self._rest = data[place:]
        return frames

    def _skip(self, count: int) -> None:
        self._lost += count
        if self._lost > MOST_LOST:
            raise StreamError("The encoder's sound is no AAC that this server can read.")


def _size(data: bytes, place: int) -> int:
    """The bytes of the frame whose header stands there; 0: none does."""
    is_header = data[place] == 0xFF and data[place + 1] & 0xF6 == 0xF0 and data[place + 2] >> 2 & 0x0F < len(RATES)
    size = (data[place + 3] & 3) << 11 | data[place + 4] << 3 | data[place + 5] >> 5
    return size if is_header and size > 9 else 0


def _frame(data: bytes, place: int, size: int) -> Frame:
    profile, rate = data[place + 2] >> 6, data[place + 2] >> 2 & 0x0F
    channels = (data[place + 2] & 1) << 2 | data[place + 3] >> 6
    if not channels or data[place + 6] & 3:
        raise StreamError("The encoder's sound has a rare form of AAC. Set it to stereo AAC-LC.")
    config = (profile + 1 << 11 | rate << 7 | channels << 3).to_bytes(2, "big")
    header = 7 if data[place + 1] & 1 else 9  # with a checksum
    return Frame(config, RATES[rate], data[place + header : place + size])
