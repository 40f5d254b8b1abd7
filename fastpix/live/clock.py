"""The time of a stream, made of what an encoder says: from zero on, without the jumps that broken encoders make."""

from __future__ import annotations

WRAP = 1 << 32
# Milliseconds that a tag may lie before the latest one (sound and picture are interleaved), or after it (a pause).
MOST_BACK, MOST_AHEAD = 1_000, 10_000
STEP = 20


class Clock:
    """Timestamps in milliseconds. A jump of hours would make a piece of hours, which no player survives."""

    def __init__(self) -> None:
        self._told: int | None = None
        self._at = 0

    def read(self, timestamp: int) -> int:
        """The stream's time of a tag with this timestamp (modulo 2^32)."""
        if self._told is None:
            self._told = timestamp
            return self._at
        passed = (timestamp - self._told + WRAP // 2) % WRAP - WRAP // 2
        if not -MOST_BACK <= passed <= MOST_AHEAD:
            self._told, self._at = timestamp, self._at + STEP
            return self._at
        at = max(0, self._at + passed)
        if passed > 0:
            self._told, self._at = timestamp, at
        return at
