"""What a playlist may be: its choices and limits, and the rules of a smart one, checked and made conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fastpix.errors import Invalid
from fastpix.resources.playlists.models import MOST_MEDIA as MOST_MEDIA
from fastpix.resources.playlists.models import SMART, Playlist
from fastpix.text import naming

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COLUMNS = {"createdDate": "created_at", "updatedDate": "updated_at"}


def one_of(field: str, text: str, choices: Sequence[str]) -> str:
    """The text, if it is one of these. Raises `Invalid`."""
    if text not in choices:
        raise Invalid(field, f"Choose one of {', '.join(choices)}.")
    return text


def checked_description(text: str) -> str:
    """Raises `Invalid`."""
    if len(text) > 1000:
        raise Invalid("description", "Use at most 1000 characters.")
    return naming.visible(text.strip(), "description")


def checked_limit(limit: int) -> int:
    """How many media a playlist may hold. Raises `Invalid`."""
    if not 1 <= limit <= MOST_MEDIA:
        raise Invalid("limit", f"Give a number from 1 to {MOST_MEDIA}.")
    return limit


def checked_rules(type_: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """`date_ranges` of a smart playlist; a manual one has none. Raises `Invalid`."""
    if type_ == SMART:
        return date_ranges(rules)
    if rules:
        raise Invalid("metadata", "Only a smart playlist has rules. Leave them out, or make it a smart one.")
    return {}


def date_ranges(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of a smart playlist with what is empty left out. Raises `Invalid` by the wire's names.

    A bound is a day ("2026-11-23", in UTC; an end counts to the end of that day) or a moment with its time.
    """
    ranges: dict[str, Any] = {}
    for name in _COLUMNS:
        bounds = {which: text for which, text in (rules.get(name) or {}).items() if text}
        start, end = (_parsed(name, which, bounds.get(which)) for which in ("startDate", "endDate"))
        if start is not None and end is not None and start >= end:
            raise Invalid(f"metadata.{name}.endDate", "The end must not come before the start.")
        ranges |= {name: bounds} if bounds else {}
    if not ranges:
        raise Invalid("metadata", "A smart playlist needs a start or an end: give createdDate or updatedDate.")
    return ranges


def conditions(playlist: Playlist, media: Any) -> Iterator[sa.ColumnElement[bool]]:
    """What a media's columns must fulfil to be in a smart playlist."""
    for name, bounds in playlist.rules.items():
        column = getattr(media, _COLUMNS[name])
        start, end = (_parsed(name, which, bounds.get(which)) for which in ("startDate", "endDate"))
        if start is not None:
            yield column >= start
        if end is not None:
            yield column < end


def _parsed(name: str, which: str, text: str | None) -> datetime | None:
    """The moment a range begins, or the first one after it."""
    if not text:
        return None
    is_end, is_day = which == "endDate", bool(_DAY.fullmatch(text))
    try:
        if not is_day and not _DAY.match(text):  # Python would also read week dates and bare digits
            raise ValueError(text)
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        return at + (timedelta(days=1) if is_day else timedelta(microseconds=1)) if is_end else at
    except (ValueError, OverflowError):
        raise Invalid(
            f"metadata.{name}.{which}", "Give a day as 2026-11-23, or a moment as 2026-11-23T08:00:00Z."
        ) from None
