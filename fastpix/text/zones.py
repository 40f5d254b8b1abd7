"""Time zones by name, and where a day ends in one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from fastpix.errors import Invalid

UTC_NAME = "UTC"
# What the machine knows; one without a data base of zones knows UTC alone.
NAMES = tuple(
    sorted({UTC_NAME, *(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))})
)


def checked(name: str) -> str:
    """The name of a zone, if it is one. Raises `Invalid`."""
    if name not in NAMES:
        raise Invalid("timeZone", "Choose one of the known time zones, such as Europe/Berlin, or UTC.")
    return name


def end_of(day: date, zone: str) -> datetime:
    """The last second of a day there, in UTC: of two that are called 23:59:59, where clocks go back, the later one.

    For a day that ends after the last one of the calendar, the calendar's last second.
    """
    try:
        return datetime.combine(day, time(23, 59, 59, fold=1), _zone(zone)).astimezone(UTC)
    except OverflowError:
        return datetime.combine(date.max, time(23, 59, 59), UTC)


def day_of(at: datetime, zone: str) -> date:
    """Which day it is there at that moment; the calendar's first or last where it does not go that far."""
    try:
        return at.astimezone(_zone(zone)).date()
    except OverflowError:
        return date.min if at.year == date.min.year else date.max


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name in NAMES and name != UTC_NAME else UTC
