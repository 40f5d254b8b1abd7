"""Tracks over the HTTP API (contract section 3, M18 to M21)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media import not_offered, schemas, shapes, tracks
from fastpix.web.api import Api

api = Api("tracks", __name__, "Tracks")
ONE = "/on-demand/<mediaId>/tracks/<trackId>"


@api.operation(
    tracks.create,
    "POST",
    "/on-demand/<mediaId>/tracks",
    body=schemas.TrackCreate,
    answer=shapes.TrackMade,
    status=201,
)
def create(media_id: UUID, body: schemas.TrackCreate) -> Any:
    """Add subtitles or a sound by address."""
    told = body.tracks
    made = tracks.create(
        media_id, told.type, told.language_code, told.language_name, url=told.url, title=told.title or ""
    )
    return shapes.track(made)


@api.operation(tracks.edit, "PATCH", ONE, body=schemas.TrackEdit, answer=shapes.TrackMade)
def edit(media_id: UUID, track_id: UUID, body: schemas.TrackEdit) -> Any:
    """Change an added track."""
    return shapes.track(tracks.edit(media_id, track_id, **body.model_dump()))


@api.operation(tracks.delete, "DELETE", ONE)
def delete(media_id: UUID, track_id: UUID) -> None:
    """Delete an added track."""
    tracks.delete(media_id, track_id)


@api.operation(not_offered.generate_subtitles, "POST", f"{ONE}/generate-subtitles", body=schemas.GenerateSubtitles)
def generate_subtitles(media_id: UUID, track_id: UUID, body: schemas.GenerateSubtitles) -> Any:
    """Generate subtitles from speech: not offered, answers 501."""
    not_offered.generate_subtitles(media_id, track_id)
