"""Events of media for webhooks: the media, upload or track as the API shows it to those who may only look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from fastpix.access import principal
from fastpix.resources.media import search, shapes
from fastpix.resources.media.models import Media, Track
from fastpix.resources.webhooks import events

# Where a file came from, and what lets one send one, goes to nobody outside.
LOOKS_ONLY = frozenset({"media.view"})
OBJECT = "media"


def media(media: Media, *names: str) -> None:
    """Tell of what happened to a media, such as "updated", in the running transaction."""
    for name in names:
        events.emit(f"video.{name}", OBJECT, media.id, media.status, lambda: _media(media.id), media.workspace_id)


def upload(upload_id: UUID, workspace_id: UUID, status: str, name: str, row: Callable[[], dict[str, Any]]) -> None:
    """Tell of an upload session. `row` makes it as plain data."""

    def data() -> dict[str, Any]:
        with _as_onlooker():
            return _dumped(shapes.UploadOut, shapes.upload(row()))

    events.emit(f"video.{name}", OBJECT, upload_id, status, data, workspace_id)


def track(media_row: Media, track_row: Track, name: str) -> None:
    """Tell of a track of a media, and that the media is another one now. The object is the media, `data` the track."""

    def data() -> dict[str, Any]:
        with _as_onlooker():
            told = shapes.track(search.track_as_dict(track_row))
            return _dumped(shapes.TrackOut, told) | {"mediaId": str(media_row.id)}

    name = f"video.media.track.{name}"
    events.emit(name, OBJECT, media_row.id, track_row.status, data, media_row.workspace_id)
    media(media_row, "media.updated")


def _media(media_id: UUID) -> dict[str, Any]:
    with _as_onlooker():
        return _dumped(shapes.MediaOut, shapes.media(search.whole([media_id])[media_id]))


def _as_onlooker() -> Any:
    return principal.acting(replace(principal.current(), permissions=LOOKS_ONLY))


def _dumped(shape: type[Any], row: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = shape.model_validate(row).model_dump(by_alias=True, mode="json", exclude_none=True)
    return told
