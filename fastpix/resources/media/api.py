"""Media over the HTTP API (docs/fastpix-contract.md, section 3, M1 to M11 and M22)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media import domain, queries, schemas
from fastpix.resources.media.clips import queries as clips
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.creation.schemas import MediaCreate
from fastpix.resources.media.downloads import domain as downloads
from fastpix.resources.media.downloads.schemas import Mp4SupportIn
from fastpix.resources.media.schemas import MediaPaging, MediaQuery
from fastpix.resources.media.source import domain as source
from fastpix.resources.media.source import schemas as source_schemas
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api

api = Api("media", __name__, "Media")


@api.operation(creation.from_url, "POST", "/on-demand", body=MediaCreate, answer=schemas.MediaMade, status=201)
def create(body: MediaCreate) -> Any:
    """Create a media from an address."""
    media = creation.from_url(workspaces.of_token(), body.source().url, body.options())
    return schemas.created(media, body.model_dump(by_alias=True, mode="json", exclude_unset=True)["inputs"])


@api.operation(queries.listed, "GET", "/on-demand", query=MediaQuery, answer=schemas.MediaOut, is_list=True)
def index(query: MediaQuery) -> Any:
    """List the media of the token's workspace."""
    rows, total = queries.listed(
        workspaces.of_token(),
        query.offset,
        query.limit,
        query.order_by == "asc",
        query=query.query,
        status=query.status,
        by_title=query.sort_by == "title",
    )
    return [schemas.as_wire(row) for row in rows], total


@api.operation(domain.get, "GET", "/on-demand/<mediaId>", answer=schemas.MediaOut)
def get(media_id: UUID) -> Any:
    """Get one media."""
    return schemas.as_wire(domain.get(media_id))


@api.operation(domain.edit, "PATCH", "/on-demand/<mediaId>", body=schemas.MediaEdit, answer=schemas.MediaOut)
def edit(media_id: UUID, body: schemas.MediaEdit) -> Any:
    """Change a media's title, creator id or metadata."""
    media = domain.edit(media_id, title=body.title, creator_id=body.creator_id, metadata=body.metadata)
    return schemas.as_wire(media)


@api.operation(domain.delete, "DELETE", "/on-demand/<mediaId>")
def delete(media_id: UUID) -> None:
    """Delete a media with everything that belongs to it."""
    domain.delete(media_id)


@api.operation(domain.retry, "POST", "/on-demand/<mediaId>/retry", answer=schemas.MediaOut)
def retry(media_id: UUID) -> Any:
    """Process a media that failed once more (an addition to FastPix's API)."""
    return schemas.as_wire(domain.retry(media_id))


@api.operation(source.get, "GET", "/on-demand/<mediaId>/input-info", answer=source_schemas.InputInfo)
def input_info(media_id: UUID) -> Any:
    """Get what is known of a media's source."""
    return source_schemas.as_wire(source.get(media_id))


@api.operation(
    source.set_access,
    "PATCH",
    "/on-demand/<mediaId>/source-access",
    body=source_schemas.SourceAccessIn,
    answer=schemas.MediaOut,
)
def source_access(media_id: UUID, body: source_schemas.SourceAccessIn) -> Any:
    """Allow or forbid downloads of a media's original file."""
    return schemas.as_wire(source.set_access(media_id, body.source_access))


@api.operation(
    downloads.set_mp4_support,
    "PATCH",
    "/on-demand/<mediaId>/update-mp4Support",
    body=Mp4SupportIn,
    answer=schemas.MediaOut,
)
def mp4_support(media_id: UUID, body: Mp4SupportIn) -> Any:
    """Set which files of a media can be downloaded."""
    return schemas.as_wire(downloads.set_mp4_support(media_id, body.mp4_support))


@api.operation(
    clips.listed,
    "GET",
    "/on-demand/<mediaId>/media-clips",
    query=MediaPaging,
    answer=schemas.MediaOut,
    is_list=True,
)
def media_clips(media_id: UUID, query: MediaPaging) -> Any:
    """List the clips made of a media."""
    rows, total = clips.listed(media_id, query.offset, query.limit, query.order_by == "asc")
    return [schemas.clip(row) for row in rows], total


@api.operation(
    clips.recorded,
    "GET",
    "/on-demand/<livestreamId>/live-clips",
    query=MediaPaging,
    answer=schemas.RecordingOut,
    is_list=True,
)
def live_clips(livestream_id: str, query: MediaPaging) -> Any:
    """List the media that a live stream left."""
    rows, total = clips.recorded(livestream_id, query.offset, query.limit, query.order_by == "asc")
    return [schemas.clip(row) for row in rows], total
