"""Playlists over the HTTP API, in the token's workspace: docs/fastpix-contract.md, section 6."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.playlists import domain, schemas
from fastpix.resources.playlists.schemas import MediaIds, PlaylistCreate, PlaylistEdit, PlaylistOut, PlaylistRow
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api, Paging

api = Api("playlists", __name__, "Playlists")
ROOT = "/on-demand/playlists"
ONE = f"{ROOT}/<playlistId>"
MEDIA = f"{ONE}/media"


@api.operation(domain.create, "POST", ROOT, body=PlaylistCreate, answer=PlaylistOut, status=201)
def create(body: PlaylistCreate) -> Any:
    """Create a playlist in the token's workspace."""
    row = domain.create(
        workspaces.of_token(),
        body.name,
        body.type,
        reference_id=body.reference_id,
        description=body.description or "",
        limit=body.limit,
        play_order=body.play_order or "",
        rules=body.rules(),
    )
    return schemas.playlist(row)


@api.operation(domain.listed, "GET", ROOT, query=Paging, answer=PlaylistRow, is_list=True)
def index(query: Paging) -> Any:
    """List the playlists of the token's workspace, newest first."""
    return domain.listed(query.offset, query.limit, workspaces.of_token())


@api.operation(domain.get, "GET", ONE, answer=PlaylistOut)
def get(playlist_id: UUID) -> Any:
    """Get one playlist with its media in play order."""
    return schemas.playlist(domain.get(playlist_id))


@api.operation(domain.edit, "PUT", ONE, body=PlaylistEdit, answer=PlaylistOut)
def edit(playlist_id: UUID, body: PlaylistEdit) -> Any:
    """Give a playlist another name and description."""
    return schemas.playlist(domain.edit(playlist_id, body.name, body.description))


@api.operation(domain.delete, "DELETE", ONE)
def delete(playlist_id: UUID) -> None:
    """Delete a playlist; its media stay."""
    domain.delete(playlist_id)


@api.operation(domain.add, "PATCH", MEDIA, body=MediaIds, answer=PlaylistOut)
def add(playlist_id: UUID, body: MediaIds) -> Any:
    """Add media at the end of a manual playlist."""
    return schemas.playlist(domain.add(playlist_id, body.media_ids))


@api.operation(domain.reorder, "PUT", MEDIA, body=MediaIds, answer=PlaylistOut)
def reorder(playlist_id: UUID, body: MediaIds) -> Any:
    """Play the media of a manual playlist in another order: all of them, in the new one."""
    return schemas.playlist(domain.reorder(playlist_id, body.media_ids))


@api.operation(domain.remove, "DELETE", MEDIA, body=MediaIds, answer=PlaylistOut)
def remove(playlist_id: UUID, body: MediaIds) -> Any:
    """Take media out of a manual playlist."""
    return schemas.playlist(domain.remove(playlist_id, body.media_ids))
