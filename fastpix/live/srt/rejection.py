"""Why a caller is rejected: a sentence for logs, and SRT's own number, which is all that the caller hears.

Source of the numbers: libsrt's srtcore/access_control.h.
"""

from __future__ import annotations

from fastpix.errors import FastpixError

BAD_REQUEST, OVERLOAD, FORBIDDEN, NOT_FOUND, BAD_MODE, CONFLICT = 1400, 1402, 1403, 1404, 1405, 1409
SERVER_ERROR, NO_ROOM, OLD_VERSION = 1500, 1507, 1505


class Rejected(FastpixError):
    """A caller is rejected. The message is one line without the stream id."""

    def __init__(self, message: str, reason: int) -> None:
        super().__init__(message)
        self.reason = reason
