"""Usage in the dashboard: an organization's charts and their numbers as a file."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from fastpix.errors import Invalid
from fastpix.resources.usage import domain, holding
from fastpix.resources.usage.domain import Day
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import charts
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, attachment, show

pages = Pages("usage", __name__, "/usage", menu=(Entry("Usage", "usage.index", "chart-bar", "usage.view"),))
PERIODS = (30, 90, 365)
NAMES = ("day", "stored_bytes", "stored_minutes", "media", "views", "delivered_minutes")


@pages.page(domain.history, "GET", "/")
def index() -> Any:
    days, workspace_id, period = _asked()
    kept: dict[str, Any] = {"workspace": workspace_id}
    return show(
        "usage/index.html",
        charts=_charts(period.days),
        total=_words(period.total),
        rows=[(name, _words(one)) for _, name, one in period.workspaces],
        periods=[
            {"label": f"{each} days", "url": url_for(".index", days=each, **kept), "current": each == days}
            for each in PERIODS
        ],
        days=days,
        workspaces=workspaces.choices(),
        chosen=str(workspace_id or ""),
        is_measured_now=period.is_measured_now,
        most_at_once=f"{holding.MOST_AT_ONCE:,}",
        file_url=url_for(".download", days=days, **kept),
    )


@pages.page(domain.history, "GET", "/days.csv")
def download() -> Any:
    """The days as a file for a spreadsheet."""
    days, _, period = _asked()
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(NAMES)
    for one in period.days:
        minutes = (round(one.stored_seconds / 60, 2), round(one.seconds / 60, 2))
        lines.writerow([one.day.isoformat(), one.stored_bytes, minutes[0], one.media, one.views, minutes[1]])
    headers = attachment(f"usage-{days}-days", "csv")
    return Response(written.getvalue(), headers=headers, content_type="text/csv; charset=utf-8")


def _asked() -> tuple[int, UUID | None, domain.Period]:
    """The period and workspace in the address; what makes no sense there is not asked."""
    days = request.args.get("days", PERIODS[0], type=int)
    days = days if days in PERIODS else PERIODS[0]
    workspace_id = request.args.get("workspace", None, type=UUID)
    try:
        return days, workspace_id, domain.history(days, workspace_id)
    except Invalid:
        return days, None, domain.history(days)


def _charts(days: list[Day]) -> list[tuple[charts.Chart, str]]:
    """Each chart, and what it means when there is nothing on it."""
    return [
        (
            charts.held("storage", "Storage", [(one.day, one.stored_bytes) for one in days], charts.BYTES),
            "Nothing was stored in these days.",
        ),
        (
            charts.held("minutes", "Minutes stored", [(one.day, one.stored_seconds) for one in days], charts.MINUTES),
            "There was no media in these days.",
        ),
        (
            charts.added("views", "Views", [(one.day, one.views) for one in days], charts.VIEWS),
            "Nobody watched anything in these days.",
        ),
        (
            charts.added("watched", "Minutes delivered", [(one.day, one.seconds) for one in days], charts.MINUTES),
            "No video was sent to players in these days.",
        ),
    ]


def _words(one: Day) -> dict[str, str]:
    """By the id of its chart."""
    return {
        "storage": charts.BYTES.tell(one.stored_bytes),
        "minutes": charts.MINUTES.tell(one.stored_seconds),
        "media": f"{one.media:,}",
        "views": f"{one.views:,}",
        "watched": charts.MINUTES.tell(one.seconds),
    }
