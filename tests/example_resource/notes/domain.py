"""Notes: read, write, delete. The only place that touches their table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Invalid, Missing
from fastpix.resources.notes.models import Note
from fastpix.resources.workspaces import domain as workspaces

_ROWS = sa.select(Note.id, Note.workspace_id, Note.text, Note.created_at)
_NEWEST = _ROWS.order_by(Note.created_at.desc(), Note.id.desc())
_COUNT = sa.select(sa.func.count(Note.id))


@action("notes.view")
def listed(offset: int = 1, limit: int = 50) -> tuple[list[dict[str, Any]], int]:
    """The notes by page number (1-based), newest first, with the total."""
    found = db.session.execute(_NEWEST.offset((offset - 1) * limit).limit(limit))
    return [dict(row._mapping) for row in found], db.session.scalar(_COUNT) or 0


@action("notes.view")
def get(note_id: UUID) -> dict[str, Any]:
    """One note. Raises `Missing`."""
    row = db.session.execute(_ROWS.where(Note.id == note_id)).one_or_none()
    if row is None:
        raise Missing("note not found")
    return dict(row._mapping)


@action("notes.create")
def create(workspace_id: UUID, text: str) -> dict[str, Any]:
    """A new note. Raises `Invalid`."""
    workspaces.check(workspace_id)
    text = text.strip()
    if not 1 <= len(text) <= 200:
        raise Invalid("text", "Write 1 to 200 characters.")
    note = Note(workspace_id=workspace_id, text=text)
    db.session.add(note)
    db.session.flush()
    describe("note", note.id, text, after={"text": text}, workspace_id=workspace_id)
    return {"id": note.id, "workspace_id": workspace_id, "text": text, "created_at": note.created_at}


@action("notes.delete")
def delete(note_id: UUID) -> None:
    """Delete a note. Raises `Missing`."""
    note = db.session.scalar(sa.select(Note).where(Note.id == note_id))
    if note is None:
        raise Missing("note not found")
    describe("note", note.id, note.text, before={"text": note.text}, workspace_id=note.workspace_id)
    db.session.delete(note)
    db.session.flush()
