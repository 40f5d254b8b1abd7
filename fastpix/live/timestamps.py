"""The time of a stream, made of what an encoder says: from zero on, without the jumps that broken encoders make."""

from __future__ import annotations

WRAP = 1 << 32
# Milliseconds that a tag may lie before the latest one (sound and picture are interleaved), or after it (a pause).
MOST_BACK, MOST_AHEAD = 1_000, 10_000
STEP = 20


class Rebaser:
    """Timestamps in milliseconds. A jump of hours would make a segment of hours, which no player survives."""

    def __init__(self) -> None:
        self._last_timestamp: int | None = None
        self._last_time = 0

    def rebase(self, timestamp: int) -> int:
        """The stream's time of a tag with this timestamp (modulo 2^32)."""
        if self._last_timestamp is None:
            self._last_timestamp = timestamp
            return self._last_time
        elapsed = (timestamp - self._last_timestamp + WRAP // 2) % WRAP - WRAP // 2
        if not -MOST_BACK <= elapsed <= MOST_AHEAD:
            self._last_timestamp, self._last_time = timestamp, self._last_time + STEP
            return self._last_time
        at = max(0, self._last_time + elapsed)
        if elapsed > 0:
            self._last_timestamp, self._last_time = timestamp, at
        return at
