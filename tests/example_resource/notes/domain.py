"""Notes: read, write, delete. The only place that touches their table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Invalid, Missing
from fastpix.resources.notes.models import Note, NoteRow
from fastpix.resources.workspaces import domain as workspaces

_ROWS = sa.select(Note.id, Note.workspace_id, Note.text, Note.created_at)
_NEWEST = _ROWS.order_by(Note.created_at.desc(), Note.id.desc())
_COUNT = sa.select(sa.func.count(Note.id))


@action("notes.view")
def listed(offset: int = 1, limit: int = 50, workspace_id: UUID | None = None) -> tuple[list[NoteRow], int]:
    """The notes by page number (1-based), newest first, with the total; of all workspaces unless one is named."""
    here = Note.workspace_id == workspace_id if workspace_id is not None else sa.true()
    rows = db.session.execute(_NEWEST.where(here).offset((offset - 1) * limit).limit(limit))
    return [_as_row(row) for row in rows], db.session.scalar(_COUNT.where(here)) or 0


@action("notes.view")
def get(note_id: UUID) -> NoteRow:
    """One note. Raises `Missing`."""
    row = db.session.execute(_ROWS.where(Note.id == note_id)).one_or_none()
    if row is None:
        raise Missing("note not found")
    return _as_row(row)


@action("notes.create")
def create(workspace_id: UUID, text: str) -> NoteRow:
    """A new note. Raises `Invalid`."""
    workspaces.check(workspace_id)
    text = text.strip()
    if not 1 <= len(text) <= 200:
        raise Invalid("text", "Write 1 to 200 characters.")
    note = Note(workspace_id=workspace_id, text=text)
    db.session.add(note)
    db.session.flush()
    describe("note", note.id, text, after={"text": text}, workspace_id=workspace_id)
    return _as_row(note)


@action("notes.delete")
def delete(note_id: UUID) -> None:
    """Delete a note. Raises `Missing`."""
    note = db.session.scalar(sa.select(Note).where(Note.id == note_id))
    if note is None:
        raise Missing("note not found")
    describe("note", note.id, note.text, before={"text": note.text}, workspace_id=note.workspace_id)
    db.session.delete(note)
    db.session.flush()


def _as_row(note: Any) -> NoteRow:
    return {"id": note.id, "workspace_id": note.workspace_id, "text": note.text, "created_at": note.created_at}
