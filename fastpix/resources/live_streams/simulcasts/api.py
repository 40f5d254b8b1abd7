"""Simulcast targets over the HTTP API (docs/fastpix-contract.md, section 4, L15 to L18)."""

from __future__ import annotations

from typing import Any

from fastpix.resources.live_streams import schemas
from fastpix.resources.live_streams.simulcasts import domain as simulcasts
from fastpix.web.api import Api

api = Api("simulcasts", __name__, "Simulcast targets")
ALL = "/live/streams/<streamId>/simulcast"
ONE = f"{ALL}/<simulcastId>"


@api.operation(simulcasts.create, "POST", ALL, body=schemas.SimulcastCreate, answer=schemas.SimulcastOut, status=201)
def create(stream_id: str, body: schemas.SimulcastCreate) -> Any:
    """Add another server that an idle live stream is pushed to when it is on air."""
    return schemas.simulcast(simulcasts.create(stream_id, body.url, body.stream_key, body.metadata))


@api.operation(simulcasts.get, "GET", ONE, answer=schemas.SimulcastOut)
def get(stream_id: str, simulcast_id: str) -> Any:
    """Get one simulcast target."""
    return schemas.simulcast(simulcasts.get(stream_id, simulcast_id))


@api.operation(simulcasts.edit, "PUT", ONE, body=schemas.SimulcastEdit, answer=schemas.SimulcastOut)
def edit(stream_id: str, simulcast_id: str, body: schemas.SimulcastEdit) -> Any:
    """Switch a simulcast target on or off, or change its metadata."""
    return schemas.simulcast(simulcasts.edit(stream_id, simulcast_id, body.is_enabled, body.metadata))


@api.operation(simulcasts.delete, "DELETE", ONE)
def delete(stream_id: str, simulcast_id: str) -> None:
    """Delete a simulcast target; a push to it ends."""
    simulcasts.delete(stream_id, simulcast_id)
