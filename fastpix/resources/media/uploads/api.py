"""Uploads over the HTTP API (docs/fastpix-contract.md, sections 3 and 7)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media.api import api
from fastpix.resources.media.options import Options
from fastpix.resources.media.schemas import MediaPaging
from fastpix.resources.media.uploads import domain, schemas
from fastpix.resources.workspaces import domain as workspaces

__all__ = ["api"]


@api.operation(
    domain.create, "POST", "/on-demand/upload", body=schemas.UploadCreate, answer=schemas.UploadOut, status=201
)
def upload(body: schemas.UploadCreate) -> Any:
    """Get an address to upload a file to."""
    return _created(body)


# Where FastPix's API had it in 2025, and where its clients of PHP and Ruby still ask.
@api.operation(
    domain.create, "POST", "/on-demand/uploads", body=schemas.UploadCreate, answer=schemas.UploadOut, status=201
)
def older_upload(body: schemas.UploadCreate) -> Any:
    """Get an address to upload a file to, as clients of 2025 ask for it."""
    return _created(body)


def _created(body: schemas.UploadCreate) -> dict[str, Any]:
    settings = body.push_media_settings.options() if body.push_media_settings else Options()
    return schemas.as_wire(domain.create(workspaces.of_token(), settings, body.cors_origin))


@api.operation(domain.listed, "GET", "/on-demand/uploads", query=MediaPaging, answer=schemas.UploadOut, is_list=True)
def list_uploads(query: MediaPaging) -> Any:
    """List the uploads that wait for their file."""
    rows, total = domain.listed(workspaces.of_token(), query.offset, query.limit, query.order_by == "asc")
    return [schemas.as_wire(row) for row in rows], total


@api.operation(domain.cancel, "PUT", "/on-demand/upload/<uploadId>/cancel", answer=schemas.UploadCancelled)
def cancel(upload_id: UUID) -> Any:
    """Cancel an upload that waits."""
    return schemas.as_wire(domain.cancel(upload_id))
