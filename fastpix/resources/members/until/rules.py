"""When the end of a membership is told, and in which words its day is."""

from __future__ import annotations

from datetime import date, timedelta

# So many days before the end it is told.
TOLD = (7, 1)


def days_to_tell(left: timedelta) -> int | None:
    """Which of `TOLD` counts with so much time left: the smallest that is reached; None where it is longer still."""
    return min((days for days in TOLD if left <= timedelta(days=days)), default=None)


def day_in_words(day: date, zone: str = "") -> str:
    """Such as "3 March 2027 (Europe/Berlin)"; of a day that is over the zone needs no mention."""
    return f"{day.day} {day:%B} {day.year}" + (f" ({zone})" if zone else "")
