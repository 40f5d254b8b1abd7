"""When the end of a membership is told, and in which words its day is."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastpix.text import zones

# So many days before the end it is told.
TOLD = (7, 1)


def days_to_tell(left: timedelta) -> int | None:
    """Which of `TOLD` counts with so much time left: the smallest that is reached; None where it is longer still."""
    return min((days for days in TOLD if left <= timedelta(days=days)), default=None)


def day_in_words(ends_at: datetime, zone: str) -> str:
    """Such as "3 March 2027 (Europe/Berlin)"."""
    day = zones.day_of(ends_at, zone)
    return f"{day.day} {day:%B %Y} ({zone})"
