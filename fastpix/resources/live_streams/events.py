"""Events of live streams for webhooks: the stream as the API shows it to those who may only look, so without keys."""

from __future__ import annotations

from typing import Any

from fastpix.resources.live_streams import queries, schemas
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.live_streams.simulcasts import queries as simulcasts
from fastpix.resources.live_streams.simulcasts.models import Simulcast
from fastpix.resources.webhooks import events

# What lets one publish goes to nobody outside.
SHOWN_TO = "live_streams.view"
OBJECT = "live"


def stream(row: LiveStream, *names: str) -> None:
    """Tell of what happened to a stream, such as "active", in the running transaction."""

    def data() -> dict[str, Any]:
        return events.as_shown(SHOWN_TO, schemas.LiveStreamOut, lambda: schemas.stream(queries.whole([row])[0]))

    for name in names:
        events.emit(f"video.live_stream.{name}", OBJECT, row.id, row.status, data, row.workspace_id)


def simulcast(of: LiveStream, row: Simulcast, name: str) -> None:
    """Tell of a simulcast target. The object is the stream, `data` the target, without address and key."""

    def data() -> dict[str, Any]:
        shown = events.as_shown(SHOWN_TO, schemas.SimulcastOut, lambda: schemas.simulcast(simulcasts.as_row(row)))
        return shown | {"streamId": of.id}

    name = f"video.live_stream.simulcast_target.{name}"
    events.emit(name, OBJECT, of.id, of.status, data, of.workspace_id)
