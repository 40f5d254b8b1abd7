"""Wire shapes of FastPix's video data. What nobody counts here is left out: different viewers, for one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from fastpix.web.api import Answer, Paging, Sparse, Wire

Interval = Annotated[datetime, PlainSerializer(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}", return_type=str)]
Order = Literal["asc", "desc"]


class Scope(Wire):
    """Which views are meant."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    timespan: list[str] = Field(
        default=["24:hours"],
        alias="timespan[]",
        min_length=1,
        max_length=2,
        description="Such as 24:hours or 7:days, or two moments in seconds since 1970.",
    )
    filterby: list[str] = Field(
        default=[], alias="filterby[]", max_length=20, description="Such as video_title:Talk or media_id:!<id>."
    )


class Top(Scope):
    limit: int = Field(default=10, ge=1, le=50)


class Pages(Paging, Scope):
    """A page of what is meant."""


class Measure(Scope):
    measurement: str = Field(default="avg", description="Of playing_time: avg, sum or count.")


class Series(Measure):
    group_by: Literal["minute", "ten_minutes", "hour", "day"] = Field(
        default="minute", description="Anything shorter than an hour is answered by the hour."
    )
    sort_order: Order = "asc"


class Breakdown(Pages, Measure):
    group_by: str = "media_id"
    order_by: str = "views"
    sort_order: Order = "asc"


class OverallOut(Sparse):
    value: float | None = None
    total_watch_time: int = Field(description="Milliseconds of video sent to players.")
    total_views: int
    total_play_time: int = Field(description="The same as totalWatchTime.")
    global_value: float | None = None


class PointOut(Answer):
    interval_time: Interval
    metric_value: float
    number_of_views: int


class PartOut(Answer):
    views: int
    value: float
    total_watch_time: int
    total_playing_time: int
    field: str


class TopOut(Answer):
    video_title: str
    views: int


class FilterValueOut(Answer):
    value: str
    count: int
