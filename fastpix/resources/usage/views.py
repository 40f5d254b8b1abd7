"""Usage in the dashboard: an organization's charts and their numbers as a file."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from fastpix.errors import Invalid
from fastpix.resources.usage import queries
from fastpix.resources.usage.queries import Day, Period
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import charts, remembered
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, attachment, show

pages = Pages("usage", __name__, "/usage", menu=(Entry("Usage", "usage.index", "chart-bar", "usage.view"),))
PERIODS = (30, 90, 365)
NAMES = ("day", "stored_bytes", "stored_minutes", "media", "views", "delivered_minutes")


@pages.page(queries.history, "GET", "/")
def index() -> Any:
    days, workspace_id, period = _period()
    return show(
        "usage/index.html",
        charts=_charts(period.days),
        total=_amounts(period.total),
        rows=[(name, _amounts(day)) for _, name, day in period.workspaces],
        periods=[
            {
                "label": f"{each} days",
                "url": url_for(".index", days=each, workspace=workspace_id),
                "current": each == days,
            }
            for each in PERIODS
        ],
        days=days,
        workspaces=workspaces.choices(),
        chosen=str(workspace_id or ""),
        is_measured_now=period.is_measured_now,
        most_at_once=f"{queries.MOST_AT_ONCE:,}",
        file_url=url_for(".download", days=days, workspace=workspace_id),
    )


@pages.page(queries.history, "GET", "/days.csv")
def download() -> Any:
    """The days as a file for a spreadsheet, which knows UTF-8 by the mark at its beginning."""
    days, _, period = _period()
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(NAMES)
    for day in period.days:
        minutes = (round(day.stored_seconds / 60, 2), round(day.seconds / 60, 2))
        lines.writerow([day.day.isoformat(), day.stored_bytes, minutes[0], day.media, day.views, minutes[1]])
    headers = attachment(f"usage-{days}-days", "csv")
    return Response("\ufeff" + file.getvalue(), headers=headers, content_type="text/csv; charset=utf-8")


def _period() -> tuple[int, UUID | None, Period]:
    """The period and workspace in the address; what makes no sense there is left out."""
    days = request.args.get("days", PERIODS[0], type=int)
    days = days if days in PERIODS else PERIODS[0]
    workspace_id = remembered.workspace(workspaces.choices())
    try:
        return days, workspace_id, queries.history(days, workspace_id)
    except Invalid:
        return days, None, queries.history(days)


def _charts(days: list[Day]) -> list[tuple[charts.Chart, str]]:
    """Each chart, and what it means when there is nothing on it."""
    return [
        (
            charts.held("storage", "Storage", [(day.day, day.stored_bytes) for day in days], charts.BYTES),
            "Nothing was stored in these days.",
        ),
        (
            charts.held("minutes", "Minutes stored", [(day.day, day.stored_seconds) for day in days], charts.MINUTES),
            "There was no media in these days.",
        ),
        (
            charts.added("views", "Views", [(day.day, day.views) for day in days], charts.VIEWS),
            "Nobody watched anything in these days.",
        ),
        (
            charts.added("watched", "Minutes delivered", [(day.day, day.seconds) for day in days], charts.MINUTES),
            "No video was sent to players in these days.",
        ),
    ]


def _amounts(day: Day) -> dict[str, str]:
    """A day's amounts as people read them, by the id of their chart."""
    return {
        "storage": charts.BYTES.tell(day.stored_bytes),
        "minutes": charts.MINUTES.tell(day.stored_seconds),
        "media": f"{day.media:,}",
        "views": f"{day.views:,}",
        "watched": charts.MINUTES.tell(day.seconds),
    }
