"""Notes over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.notes import domain, schemas
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api, Paging

api = Api("notes", __name__, "Notes")


@api.operation(domain.listed, "GET", "/notes", query=Paging, answer=schemas.NoteOut, is_list=True)
def index(query: Paging) -> Any:
    """List the notes, newest first."""
    return domain.listed(query.offset, query.limit)


@api.operation(domain.create, "POST", "/notes", body=schemas.NewNote, answer=schemas.NoteOut, status=201)
def create(body: schemas.NewNote) -> Any:
    """Write a note in the token's workspace."""
    return domain.create(workspaces.of_token(), body.text)


@api.operation(domain.get, "GET", "/notes/<noteId>", answer=schemas.NoteOut)
def get(note_id: UUID) -> Any:
    """Get one note."""
    return domain.get(note_id)


@api.operation(domain.delete, "DELETE", "/notes/<noteId>")
def delete(note_id: UUID) -> None:
    """Delete a note."""
    domain.delete(note_id)
