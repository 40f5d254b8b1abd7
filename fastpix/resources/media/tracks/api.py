"""Tracks over the HTTP API (docs/fastpix-contract.md, section 3, M18 to M21)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media.captions import domain as captions
from fastpix.resources.media.tracks import domain, schemas
from fastpix.web.api import Api

api = Api("tracks", __name__, "Tracks")
ONE = "/on-demand/<mediaId>/tracks/<trackId>"


@api.operation(
    domain.create,
    "POST",
    "/on-demand/<mediaId>/tracks",
    body=schemas.TrackCreate,
    answer=schemas.TrackMade,
    status=201,
)
def create(media_id: UUID, body: schemas.TrackCreate) -> Any:
    """Add subtitles or a sound by address."""
    track = body.tracks
    row = domain.create(
        media_id, track.type, track.language_code, track.language_name, url=track.url, title=track.title or ""
    )
    return schemas.as_wire(row)


@api.operation(domain.edit, "PATCH", ONE, body=schemas.TrackEdit, answer=schemas.TrackMade)
def edit(media_id: UUID, track_id: UUID, body: schemas.TrackEdit) -> Any:
    """Change an added track."""
    return schemas.as_wire(domain.edit(media_id, track_id, **body.model_dump()))


@api.operation(domain.delete, "DELETE", ONE)
def delete(media_id: UUID, track_id: UUID) -> None:
    """Delete an added track."""
    domain.delete(media_id, track_id)


@api.operation(
    captions.generate,
    "POST",
    f"{ONE}/generate-subtitles",
    body=schemas.GenerateSubtitles,
    answer=schemas.TrackMade,
    is_optional=True,
)
def generate_subtitles(media_id: UUID, track_id: UUID, body: schemas.GenerateSubtitles) -> Any:
    """Make subtitles of what is said in a sound; 501 where this server has no speech model."""
    row = captions.generate(media_id, track_id, body.language_code, body.language_name, title=body.title or "")
    return schemas.as_wire(row)
