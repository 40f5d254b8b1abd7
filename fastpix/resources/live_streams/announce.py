"""Events of live streams for webhooks: the stream as the API shows it to those who may only look, so without keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastpix.access import principal
from fastpix.resources.live_streams import search, shapes
from fastpix.resources.live_streams.models import LiveStream, Simulcast
from fastpix.resources.webhooks import events

# What lets one publish goes to nobody outside.
LOOKS_ONLY = frozenset({"live_streams.view"})
OBJECT = "live"


def stream(row: LiveStream, *names: str) -> None:
    """Tell of what happened to a stream, such as "active", in the running transaction."""

    def data() -> dict[str, Any]:
        with _as_onlooker():
            return _dumped(shapes.LiveStreamOut, shapes.stream(search.whole([row])[0]))

    for name in names:
        events.emit(f"video.live_stream.{name}", OBJECT, row.id, row.status, data, row.workspace_id)


def simulcast(of: LiveStream, row: Simulcast, name: str) -> None:
    """Tell of a simulcast target. The object is the stream, `data` the target, without address and key."""

    def data() -> dict[str, Any]:
        with _as_onlooker():
            told = shapes.simulcast(search.simulcast_as_dict(row))
            return _dumped(shapes.SimulcastOut, told) | {"streamId": of.id}

    name = f"video.live_stream.simulcast_target.{name}"
    events.emit(name, OBJECT, of.id, of.status, data, of.workspace_id)


def _as_onlooker() -> Any:
    return principal.acting(replace(principal.current(), permissions=LOOKS_ONLY))


def _dumped(shape: type[Any], row: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = shape.model_validate(row).model_dump(by_alias=True, mode="json", exclude_none=True)
    return told
