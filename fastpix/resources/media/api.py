"""Media and uploads over the HTTP API (contract section 3, M1 to M11 and M22)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media import clips, domain, schemas, search, shapes, sources_of, uploads
from fastpix.resources.media import create as creation
from fastpix.resources.media.asked import Asked
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api

api = Api("media", __name__, "Media")


@api.operation(creation.from_url, "POST", "/on-demand", body=schemas.MediaCreate, answer=shapes.MediaMade, status=201)
def create(body: schemas.MediaCreate) -> Any:
    """Create a media from an address."""
    media = creation.from_url(workspaces.of_token(), body.source().url, body.asked())
    return shapes.made(media, body.model_dump(by_alias=True, mode="json", exclude_unset=True)["inputs"])


@api.operation(search.listed, "GET", "/on-demand", query=schemas.MediaPaging, answer=shapes.MediaOut, is_list=True)
def index(query: schemas.MediaPaging) -> Any:
    """List the media of the token's workspace."""
    rows, total = search.listed(workspaces.of_token(), query.offset, query.limit, query.order_by == "asc")
    return [shapes.media(row) for row in rows], total


@api.operation(
    uploads.create, "POST", "/on-demand/upload", body=schemas.UploadCreate, answer=shapes.UploadOut, status=201
)
def upload(body: schemas.UploadCreate) -> Any:
    """Get an address to upload a file to."""
    wanted = body.push_media_settings.asked() if body.push_media_settings else Asked()
    return shapes.upload(uploads.create(workspaces.of_token(), wanted, body.cors_origin))


@api.operation(
    uploads.listed, "GET", "/on-demand/uploads", query=schemas.MediaPaging, answer=shapes.UploadOut, is_list=True
)
def list_uploads(query: schemas.MediaPaging) -> Any:
    """List the uploads that wait for their file."""
    rows, total = uploads.listed(workspaces.of_token(), query.offset, query.limit, query.order_by == "asc")
    return [shapes.upload(row) for row in rows], total


@api.operation(uploads.cancel, "PUT", "/on-demand/upload/<uploadId>/cancel", answer=shapes.UploadCancelled)
def cancel(upload_id: UUID) -> Any:
    """Cancel an upload that waits."""
    return shapes.upload(uploads.cancel(upload_id))


@api.operation(domain.get, "GET", "/on-demand/<mediaId>", answer=shapes.MediaOut)
def get(media_id: UUID) -> Any:
    """Get one media."""
    return shapes.media(domain.get(media_id))


@api.operation(domain.edit, "PATCH", "/on-demand/<mediaId>", body=schemas.MediaEdit, answer=shapes.MediaOut)
def edit(media_id: UUID, body: schemas.MediaEdit) -> Any:
    """Change a media's title, creator id or metadata."""
    told = {name: getattr(body, name) for name in ("title", "creator_id", "metadata")}
    return shapes.media(domain.edit(media_id, **told))


@api.operation(domain.delete, "DELETE", "/on-demand/<mediaId>")
def delete(media_id: UUID) -> None:
    """Delete a media with everything that belongs to it."""
    domain.delete(media_id)


@api.operation(domain.retry, "POST", "/on-demand/<mediaId>/retry", answer=shapes.MediaOut)
def retry(media_id: UUID) -> Any:
    """Process a media that failed once more (an addition to FastPix's API)."""
    return shapes.media(domain.retry(media_id))


@api.operation(sources_of.get, "GET", "/on-demand/<mediaId>/input-info", answer=shapes.InputInfo)
def input_info(media_id: UUID) -> Any:
    """Get what is known of a media's source."""
    found = sources_of.get(media_id)
    file = {"container_format": found["container"], "tracks": [shapes.track(row) for row in found["tracks"]]}
    return {"configuration": {"url": found["url"]}, "file": file}


@api.operation(
    domain.set_source_access,
    "PATCH",
    "/on-demand/<mediaId>/source-access",
    body=schemas.SourceAccessIn,
    answer=shapes.MediaOut,
)
def source_access(media_id: UUID, body: schemas.SourceAccessIn) -> Any:
    """Allow or forbid downloads of a media's original file."""
    return shapes.media(domain.set_source_access(media_id, body.source_access))


@api.operation(
    domain.set_mp4_support,
    "PATCH",
    "/on-demand/<mediaId>/update-mp4Support",
    body=schemas.Mp4SupportIn,
    answer=shapes.MediaOut,
)
def mp4_support(media_id: UUID, body: schemas.Mp4SupportIn) -> Any:
    """Set which files of a media can be downloaded."""
    return shapes.media(domain.set_mp4_support(media_id, body.mp4_support))


@api.operation(
    clips.listed,
    "GET",
    "/on-demand/<mediaId>/media-clips",
    query=schemas.MediaPaging,
    answer=shapes.MediaOut,
    is_list=True,
)
def media_clips(media_id: UUID, query: schemas.MediaPaging) -> Any:
    """List the clips made of a media."""
    rows, total = clips.listed(media_id, query.offset, query.limit, query.order_by == "asc")
    return [shapes.clip(row) for row in rows], total


@api.operation(
    clips.recorded,
    "GET",
    "/on-demand/<livestreamId>/live-clips",
    query=schemas.MediaPaging,
    answer=shapes.MediaOut,
    is_list=True,
)
def live_clips(livestream_id: str, query: schemas.MediaPaging) -> Any:
    """List the media that a live stream left."""
    rows, total = clips.recorded(livestream_id, query.offset, query.limit, query.order_by == "asc")
    return [shapes.clip(row) for row in rows], total
