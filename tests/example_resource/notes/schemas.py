"""Wire shapes of notes."""

from __future__ import annotations

from uuid import UUID

from fastpix.web.api import Answer, Moment, Wire


class NewNote(Wire):
    text: str


class NoteOut(Answer):
    id: UUID
    workspace_id: UUID
    text: str
    created_at: Moment
