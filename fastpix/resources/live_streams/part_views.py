"""What belongs to a live stream, in the dashboard: playback ids and simulcast targets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from fastpix.errors import Missing
from fastpix.resources.live_streams import playback_ids, presentation, simulcasts
from fastpix.resources.live_streams.forms import SimulcastForm
from fastpix.resources.live_streams.models import IDLE
from fastpix.resources.live_streams.views import found
from fastpix.resources.media.forms import KINDS, PlaybackIdForm, RestrictForm
from fastpix.web.forms import EmptyForm
from fastpix.web.resource import Pages, go, show

pages = Pages("live_parts", __name__, "/live/<string:stream_id>")


@pages.page(playback_ids.create, "GET POST", "/playback-ids/new")
def add_playback_id(stream_id: str) -> Any:
    stream = found(stream_id)
    form = PlaybackIdForm()
    if form.is_sent():
        with form.catching():
            playback_ids.create(stream_id, form.policy.data)
            return _back(stream_id, "A playback id was added.")
    return show("live_streams/playback_id_new.html", form=form, stream=stream)


@pages.page(playback_ids.restrict_all, "GET POST", "/playback-ids/<uuid:playback_id>")
def restrict(stream_id: str, playback_id: UUID) -> Any:
    stream = found(stream_id)
    row = _one("playback_ids", stream, playback_id)
    form = RestrictForm()
    if request.method == "GET":
        form.fill(row["restrictions"])
    if form.is_sent():
        with form.catching():
            playback_ids.restrict_all(stream_id, playback_id, {kind: form.rule(kind) for kind in KINDS})
            return _back(stream_id, "The restrictions were saved.")
    return show("live_streams/playback_id.html", form=form, stream=stream, row=row)


@pages.page(playback_ids.delete, "GET POST", "/playback-ids/<uuid:playback_id>/delete")
def delete_playback_id(stream_id: str, playback_id: UUID) -> Any:
    stream = found(stream_id)
    row = _one("playback_ids", stream, playback_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            playback_ids.delete(stream_id, playback_id)
            return _back(stream_id, "The playback id was deleted. What plays under it stops within seconds.")
    return show("live_streams/playback_id_delete.html", form=form, stream=stream, row=row)


@pages.page(simulcasts.create, "GET POST", "/simulcasts/new")
def add_simulcast(stream_id: str) -> Any:
    stream = found(stream_id)
    form = SimulcastForm()
    if form.is_sent():
        with form.catching():
            simulcasts.create(stream_id, form.url.data or "", form.key.data or "")
            return _back(stream_id, "The stream is sent to this server too, from the next broadcast on.")
    return show("live_streams/simulcast_new.html", form=form, stream=stream, is_idle=stream["status"] == IDLE)


@pages.page(simulcasts.edit, "POST", "/simulcasts/<string:simulcast_id>/switch")
def switch_simulcast(stream_id: str, simulcast_id: str) -> Any:
    """On or off, as the button pressed says."""
    _one("simulcasts", found(stream_id), simulcast_id)
    is_on = request.form.get("on") == "yes"
    simulcasts.edit(stream_id, simulcast_id, is_enabled=is_on)
    return _back(stream_id, f"The target is switched {'on' if is_on else 'off'}.")


@pages.page(simulcasts.delete, "GET POST", "/simulcasts/<string:simulcast_id>/delete")
def delete_simulcast(stream_id: str, simulcast_id: str) -> Any:
    stream = found(stream_id)
    row = _one("simulcasts", stream, simulcast_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            simulcasts.delete(stream_id, simulcast_id)
            return _back(stream_id, "The target was deleted.")
    told = row | {"state": presentation.push_state(row)}
    return show("live_streams/simulcast_delete.html", form=form, stream=stream, row=told)


def _one(kind: str, stream: dict[str, Any], wanted: object) -> dict[str, Any]:
    """What belongs to the stream, by its id. Raises `Missing`."""
    for row in stream[kind]:
        if row["id"] == wanted:
            return dict(row)
    raise Missing("There is no such thing of this live stream.")


def _back(stream_id: str, message: str) -> Any:
    return go("live_streams.detail", message, stream_id=stream_id)
