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
    """The last second of a day there, in UTC. Raises `Invalid` for a day after which no calendar goes on."""
    try:
        return datetime.combine(day, time(23, 59, 59), _zone(zone)).astimezone(UTC)
    except OverflowError:
        raise Invalid("endsOn", "Choose an earlier day, or none.") from None


def day_of(at: datetime, zone: str) -> date:
    """Which day it is there at that moment."""
    return at.astimezone(_zone(zone)).date()


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name in NAMES and name != UTC_NAME else UTC
