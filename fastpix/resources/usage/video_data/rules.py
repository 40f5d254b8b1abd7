"""FastPix's measures, dimensions, periods and filters, and which of them are counted here. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastpix.errors import Invalid

VIEWS, PLAYING_TIME = "views", "playing_time"
COUNTED = (VIEWS, PLAYING_TIME)
# FastPix measures these of each viewer; here nothing of a viewer is kept.
METRICS = frozenset(
    (*COUNTED, "unique_viewers", "quality_of_experience_score", "playback_score", "playback_failure_percentage",
     "exit_before_video_start", "video_startup_failure_percentage", "startup_score", "video_startup_time",
     "player_startup_time", "page_load_time", "total_startup_time", "live_stream_latency", "average_bitrate",
     "buffer_count", "render_quality_score", "avg_upscaling", "avg_downscaling", "max_upscaling", "max_downscaling",
     "jump_latency", "stability_score", "buffer_ratio", "buffer_frequency", "buffer_fill")
)  # fmt: skip
MEDIA, TITLE, STREAM = "media_id", "video_title", "fp_live_stream_id"
BY = (MEDIA, TITLE, STREAM)
_UNITS = {"minutes": 60, "hours": 3600, "days": 86400}
_SPAN = re.compile(r"([1-9][0-9]{0,4}):(minutes|hours|days)", re.ASCII)
_EPOCH = re.compile(r"[0-9]{1,11}", re.ASCII)
_FILTER = re.compile(r"([a-z][a-z0-9_]{0,63}):(!?)(.+)", re.DOTALL)
MOST_DAYS = 2 * 366


@dataclass(frozen=True)
class Period:
    """From the hour of `begin` to `end`."""

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> list[int]:
        """As FastPix's answers name it: two numbers of seconds since 1970."""
        return [int(self.begin.timestamp()), int(self.end.timestamp())]


@dataclass(frozen=True)
class Filter:
    """Only what has this value in a dimension that is counted, or only what has not."""

    dimension: str
    value: str
    is_without: bool

    @property
    def subject_id(self) -> UUID:
        """Of one by media or stream; what is no id is nobody's."""
        try:
            return UUID(self.value)
        except ValueError:
            return UUID(int=0)


def metric(name: str) -> str:
    """Raises `Invalid` for what FastPix does not measure either."""
    if name not in METRICS:
        raise Invalid("metricId", "is invalid")
    return name


def dimension(name: str, field: str) -> str:
    """Raises `Invalid` for what can be no name of a dimension."""
    if not re.fullmatch(r"[a-z][a-z_]{2,63}(_[0-9]{1,2})?", name, re.ASCII):
        raise Invalid(field, "is invalid")
    return name


def period(texts: Sequence[str], now: datetime) -> Period:
    """`["24:hours"]`, or two moments in seconds since 1970. Raises `Invalid`."""
    match = _SPAN.fullmatch(texts[0]) if len(texts) == 1 else None
    if match:
        begin = now - timedelta(seconds=int(match[1]) * _UNITS[match[2]])
        if now - begin <= timedelta(days=MOST_DAYS):
            return Period(begin, now)
    elif len(texts) == 2 and all(_EPOCH.fullmatch(text) for text in texts):
        begin, end = (datetime.fromtimestamp(int(text), UTC) for text in texts)
        if begin < end:
            return Period(begin, end)
    raise Invalid("timespan[]", "Give one such as 24:hours or 7:days, or two moments in seconds since 1970.")


def filters(texts: Iterable[str]) -> tuple[list[Filter], str]:
    """The filters, and a dimension among them that nobody counts here, if there is one. Raises `Invalid`."""
    found: list[Filter] = []
    for text in texts:
        match = _FILTER.fullmatch(text)
        if not match:
            raise Invalid("filterby[]", "Give a dimension and a value such as video_title:Talk.")
        if match[1] not in BY:
            return [], match[1]
        found.append(Filter(match[1], match[3], bool(match[2])))
    return found, ""


def values(subject_id: UUID, title: str, *, is_stream: bool) -> dict[str, str]:
    """What a media or a stream has in each dimension."""
    return {TITLE: title} | ({STREAM: subject_id.hex} if is_stream else {MEDIA: str(subject_id)})
