"""FastPix's video data over the HTTP API: what delivery counts, in their shape, and a sentence where nobody counts."""

from __future__ import annotations

from typing import Any

from fastpix.errors import Invalid
from fastpix.resources.usage.video_data import queries, rules, schemas
from fastpix.resources.usage.video_data.queries import Counted
from fastpix.resources.usage.video_data.rules import Filter, Period
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api
from fastpix.web.envelope import Beside

api = Api("video_data", __name__, "Video data")
METRIC = "/data/metrics/<metricId>"
AGGREGATION = {"aggregation": "view_end"}


@api.operation(queries.overall, "GET", f"{METRIC}/overall", query=schemas.Measure, answer=schemas.OverallOut)
def overall(metric_id: str, query: schemas.Measure) -> Any:
    """Sum views or playing time up."""
    period, chosen, unknown = _scope(query, rules.metric(metric_id))
    counted = Counted() if unknown else queries.overall(workspaces.of_token(), period, chosen)
    value = None if unknown else _value(metric_id, query.measurement, counted)
    ms = round(counted.seconds * 1000)
    told = {"value": value, "global_value": value, "total_views": counted.views}
    return _told(told | {"total_watch_time": ms, "total_play_time": ms}, period, unknown, metadata=AGGREGATION)


@api.operation(
    queries.over_time,
    "GET",
    f"{METRIC}/timeseries",
    query=schemas.Series,
    answer=schemas.PointOut,
    is_answer_list=True,
)
def timeseries(metric_id: str, query: schemas.Series) -> Any:
    """List views or playing time by hour or day."""
    period, chosen, unknown = _scope(query, rules.metric(metric_id))
    by_day = query.group_by == "day"
    found = {} if unknown else queries.over_time(workspaces.of_token(), period, chosen, by_day=by_day)
    points = [
        {
            "interval_time": at,
            "metric_value": _value(metric_id, query.measurement, counted),
            "number_of_views": counted.views,
        }
        for at, counted in found.items()
    ]
    metadata = {"granularity": "day" if by_day else "hour"} | AGGREGATION
    told = _told(points[:: -1 if query.sort_order == "desc" else 1], period, unknown, metadata=metadata)
    told.more["timespan"] = [seconds * 1000 for seconds in period.seconds]  # as FastPix has it here alone
    return told


@api.operation(
    queries.by_dimension, "GET", f"{METRIC}/breakdown", query=schemas.Breakdown, answer=schemas.PartOut, is_list=True
)
def breakdown(metric_id: str, query: schemas.Breakdown) -> Any:
    """List views or playing time by media, title or live stream."""
    rules.dimension(query.group_by, "groupBy")
    period, chosen, unknown = _scope(query, rules.metric(metric_id), query.group_by)
    found = {} if unknown else queries.by_dimension(workspaces.of_token(), period, chosen, query.group_by)
    parts: list[dict[str, Any]] = [
        {
            "views": counted.views,
            "value": _value(metric_id, query.measurement, counted),
            "total_watch_time": round(counted.seconds * 1000),
            "total_playing_time": round(counted.seconds * 1000),
            "field": name,
        }
        for name, counted in found.items()
    ]
    by = "views" if query.order_by == "views" else "value"
    parts.sort(key=lambda part: part[by], reverse=query.sort_order == "desc")
    return _told(_page(parts, query), period, unknown, metadata=AGGREGATION)


@api.operation(
    queries.by_dimension,
    "GET",
    "/data/viewlist/top-content",
    query=schemas.Top,
    answer=schemas.TopOut,
    is_answer_list=True,
)
def top_content(query: schemas.Top) -> Any:
    """List what is watched most, by title."""
    period, chosen, unknown = _scope(query)
    found = {} if unknown else queries.by_dimension(workspaces.of_token(), period, chosen, rules.TITLE)
    top = [{"video_title": title, "views": counted.views} for title, counted in found.items() if counted.views]
    return _told(top[: query.limit], period, unknown)


@api.operation(queries.dimensions, "GET", "/data/dimensions")
def dimensions() -> Any:
    """List what views are counted by."""
    return list(queries.dimensions())


@api.operation(
    queries.by_dimension,
    "GET",
    "/data/dimensions/<dimensionsId>",
    query=schemas.Scope,
    answer=schemas.FilterValueOut,
    is_answer_list=True,
)
def filters(dimensions_id: str, query: schemas.Scope) -> Any:
    """List the values of a dimension, with their views."""
    dimension = rules.dimension(dimensions_id, "dimensionsId")
    period, chosen, unknown = _scope(query, rules.VIEWS, dimension)
    found = {} if unknown else queries.by_dimension(workspaces.of_token(), period, chosen, dimension)
    return _told([{"value": name, "count": counted.views} for name, counted in found.items()], period, unknown)


@api.operation(queries.dimensions, "GET", "/data/viewlist", query=schemas.Pages, is_list=True)
def views(query: schemas.Pages) -> Any:
    """List single views: always empty, since views are counted and not kept."""
    return _told(([], 0), _scope(query)[0], "views one by one")


@api.operation(queries.dimensions, "GET", "/data/metrics/comparison", query=schemas.Scope, is_answer_list=True)
def comparison(query: schemas.Scope) -> Any:
    """Compare measures of viewers: always empty, since nobody takes them."""
    return _told([], _scope(query)[0], "measures of viewers")


@api.operation(queries.dimensions, "GET", "/data/errors", query=schemas.Top)
def errors(query: schemas.Top) -> Any:
    """List errors of players: always empty, since nobody counts them."""
    return _told({"errors": [], "topErrors": []}, _scope(query)[0], "errors of players")


def _scope(query: schemas.Scope, *wanted: str) -> tuple[Period, list[Filter], str]:
    """Period and filters, and what of all that is asked for nobody counts here. Raises `Invalid`."""
    period = queries.period(query.timespan)
    chosen, unknown = rules.filters(query.filterby)
    uncounted = [name for name in wanted if name not in (*rules.COUNTED, *rules.BY)]
    return period, chosen, (uncounted or [unknown])[0]


def _value(metric: str, measurement: str, counted: Counted) -> float:
    """The measure of what was counted; playing time in milliseconds. Raises `Invalid` for what cannot be told of a sum."""
    if measurement not in ("avg", "sum", "count"):
        raise Invalid("measurement", "Give avg, sum or count; single views are not kept.")
    if metric == rules.VIEWS or measurement == "count":
        return float(counted.views)
    share = max(1, counted.views) if measurement == "avg" else 1
    return round(counted.seconds * 1000 / share, 3)


def _page(parts: list[dict[str, Any]], query: schemas.Pages) -> tuple[list[dict[str, Any]], int]:
    first = (query.offset - 1) * query.limit
    return parts[first : first + query.limit], len(parts)


def _told(data: Any, period: Period, unknown: str, **more: Any) -> Beside:
    """The data with its period, and with a sentence where it is empty because nobody counts that."""
    notice = f"This server does not count {unknown}: it keeps nothing of viewers." if unknown else ""
    return Beside(data, more | {"timespan": period.seconds}, notice)
