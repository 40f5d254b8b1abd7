"""The simulcast targets of a live stream in the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from fastpix.errors import Missing
from fastpix.resources.live_streams import presentation, rules
from fastpix.resources.live_streams.simulcasts import domain
from fastpix.resources.live_streams.simulcasts.forms import SimulcastForm
from fastpix.resources.live_streams.views import get_or_404
from fastpix.resources.live_streams.views import parts as pages
from fastpix.web.confirm import confirm
from fastpix.web.pages import go, show

if TYPE_CHECKING:
    from fastpix.resources.live_streams.models import StreamRow
    from fastpix.resources.live_streams.simulcasts.models import SimulcastRow

__all__ = ["pages"]


@pages.page(domain.create, "GET POST", "/simulcasts/new")
def add_simulcast(stream_id: str) -> Any:
    stream = get_or_404(stream_id)
    form = SimulcastForm()
    if form.is_sent():
        with form.catching():
            domain.create(stream_id, form.url.data or "", form.key.data or "")
            return _to_stream(stream_id, "The stream is sent to this server too, from the next broadcast on.")
    return show("live_streams/simulcast_new.html", form=form, stream=stream, is_idle=rules.is_idle(stream))


@pages.page(domain.edit, "POST", "/simulcasts/<string:simulcast_id>/switch")
def switch_simulcast(stream_id: str, simulcast_id: str) -> Any:
    """On or off, as the button pressed says."""
    _simulcast_or_404(get_or_404(stream_id), simulcast_id)
    is_on = request.form.get("on") == "yes"
    domain.edit(stream_id, simulcast_id, is_enabled=is_on)
    return _to_stream(stream_id, f"The target is switched {'on' if is_on else 'off'}.")


@pages.page(domain.delete, "GET POST", "/simulcasts/<string:simulcast_id>/delete")
def delete_simulcast(stream_id: str, simulcast_id: str) -> Any:
    stream = get_or_404(stream_id)
    simulcast = _simulcast_or_404(stream, simulcast_id)
    return confirm(
        "live_streams/simulcast_delete.html",
        lambda: domain.delete(stream_id, simulcast_id),
        "The target was deleted.",
        to="live_streams.detail",
        address={"stream_id": stream_id},
        stream=stream,
        row={**simulcast, "state": presentation.push_state(simulcast)},
    )


def _simulcast_or_404(stream: StreamRow, simulcast_id: str) -> SimulcastRow:
    """The stream's target of that id. Raises `Missing`."""
    for simulcast in stream["simulcasts"]:
        if simulcast["id"] == simulcast_id:
            return simulcast
    raise Missing("There is no such thing of this live stream.")


def _to_stream(stream_id: str, message: str) -> Any:
    return go("live_streams.detail", message, stream_id=stream_id)
