"""Notes: a sentence that somebody leaves in a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now


class Note(InWorkspace, Base):
    """`InWorkspace` brings the organization and the workspace, and with them the filter and the stamp."""

    __tablename__ = "notes"
    __table_args__ = (sa.Index("ix_notes_page", "organization_id", "created_at", "id"),)

    id: Mapped[UUID] = id_column()
    text: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class NoteRow(TypedDict):
    """A note as a page or an answer shows it: plain values, never the row of the session."""

    id: UUID
    workspace_id: UUID
    text: str
    created_at: datetime
