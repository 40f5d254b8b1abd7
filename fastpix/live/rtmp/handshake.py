"""RTMP's handshake: three packets each way that say nothing but the version.

Source of the format: RTMP 1.0, section 5.2. The signed handshake of Flash Player is not spoken: who offers it takes the
plain one too, if the server's version is zero.
"""

from __future__ import annotations

import os

from fastpix.live.rtmp.messages import ProtocolError

VERSION = 3
SIZE = 1536  # bytes of each packet behind the version
_TIME_AND_VERSION = bytes(8)


def opening_packets() -> bytes:
    """What a client says first (C0 and C1), and a server too (S0 and S1)."""
    return bytes((VERSION,)) + _TIME_AND_VERSION + os.urandom(SIZE - len(_TIME_AND_VERSION))


class ServerHandshake:
    """The server's half of one handshake."""

    def __init__(self) -> None:
        self.is_done = False
        self._received = bytearray()
        self._has_answered = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """What to answer, and the bytes behind the handshake. Raises ProtocolError, at the first byte if it is wrong."""
        self._received += data
        if self._received[:1] not in (b"", bytes((VERSION,))):
            raise ProtocolError("It does not speak RTMP.")
        answer = b""
        if not self._has_answered and len(self._received) > SIZE:
            self._has_answered = True
            answer = opening_packets() + bytes(self._received[1 : SIZE + 1])
        self.is_done = len(self._received) > 2 * SIZE  # the client's echo is not compared: many send something else
        return answer, bytes(self._received[2 * SIZE + 1 :]) if self.is_done else b""
