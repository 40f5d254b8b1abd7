"""What the API takes and tells of tracks (docs/fastpix-contract.md, sections 2 and 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from fastpix.access import principal
from fastpix.web import clients
from fastpix.web.api import Sparse, Wire

if TYPE_CHECKING:
    from fastpix.resources.media.tracks.models import TrackRow


class TrackIn(Wire):
    url: str
    type: Literal["audio", "subtitle"]
    language_code: str
    language_name: str
    title: str | None = None


class TrackCreate(Wire):
    tracks: TrackIn


class TrackEdit(Wire):
    language_code: str | None = None
    language_name: str | None = None
    title: str | None = None
    url: str | None = None


class GenerateSubtitles(Wire):
    language_name: str
    language_code: str
    metadata: dict[str, str] | None = None
    title: str | None = None


class TrackOut(Sparse):
    """Ours: `failure`, why there is no such track; `notices`, what of it could not be taken; `percent`, how far it is."""

    id: UUID
    type: str
    status: str
    width: int | None = None
    height: int | None = None
    frame_rate: str | None = None
    language_code: str | None = None
    language_name: str | None = None
    title: str | None = None
    failure: str | None = None
    notices: list[str] | None = None
    percent: int | None = None


class TrackMade(Sparse):
    id: UUID
    type: str
    url: str | None = None
    language_code: str
    language_name: str
    title: str | None = None


def as_wire(row: TrackRow) -> dict[str, Any]:
    """A track as the client that asks has it: how far it is, FastPix's cannot show, and its validators call it a fault."""
    return as_told(row) if clients.asking() is None else as_told(row) | {"percent": None}


def as_told(row: TrackRow) -> dict[str, Any]:
    """The same for webhooks, whoever's request it was that they tell of. Where it came from is the source's business: those alone see it who may edit."""
    details = row["details"]
    shown = {
        "id": row["id"],
        "type": row["type"],
        "status": row["status"],
        "language_code": row["language_code"] or None,
        "language_name": row["language_name"] or None,
        "title": row["title"] or None,
        "url": (row["url"] or None) if principal.may("media.edit") else None,
    }
    if row["type"] != "video":
        more = {"notices": details.get("notices") or None, "percent": row["percent"]}
        return shown | {"failure": row["failure"] or None, **more}
    size = {"width": details.get("width"), "height": details.get("height")}
    return shown | size | {"frame_rate": details.get("frameRate")}
