"""The system page of the instance's operator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, flash, redirect, request, url_for

from fastpix.monitoring.system import domain
from fastpix.resources.media import presentation
from fastpix.web import health
from fastpix.web.forms import EmptyForm
from fastpix.web.pages import Pages, go, show

pages = Pages("system", __name__, "/system", org=False)

TILES = {
    "fastpix_live_streams_on_air": ("Live streams on air", "broadcast"),
    "fastpix_uploads_open": ("Uploads open", "upload"),
    "fastpix_mails_waiting": ("Mails waiting", "mail"),
    "fastpix_webhooks_waiting": ("Webhooks waiting", "webhook"),
    "fastpix_media_bytes": ("Stored", "video"),
}
WORDS = {"ok": ("Good", "good"), "warn": ("Look at it", "warn"), "fail": ("Wrong", "bad")}


@pages.page(domain.look, "GET", "")
def index() -> Any:
    system = domain.look(current_app.config["FASTPIX"], health.seen())
    tiles = [
        {"label": label, "icon": icon, "value": _shown(name, system.measures[name])}
        for name, (label, icon) in TILES.items()
    ]
    return show("system/index.html", system=system, tiles=tiles, words=WORDS)


@pages.page(domain.retry, "POST", "/jobs/<uuid:job_id>/retry")
def retry(job_id: UUID) -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            kind = domain.retry(job_id)
            return go(".index", f"The job {kind} is tried again.")
    for message in form.form_errors:
        flash(message, "danger")
    return redirect(url_for(".index"))


@pages.page(domain.send_mails, "POST", "/mails/retry")
def send_mails() -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            count = domain.send_mails(is_refused_too="refused" in request.form)
            return go(
                ".index", f"{count} mail{' is' if count == 1 else 's are'} sent again. Look here again in a minute."
            )
    for message in form.form_errors:
        flash(message, "danger")
    return redirect(url_for(".index"))


def _shown(name: str, value: float) -> str:
    return (presentation.size(int(value)) or "nothing") if name.endswith("_bytes") else str(int(value))
