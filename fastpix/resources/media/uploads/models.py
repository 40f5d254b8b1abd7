"""Uploads: files that may still be sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now

if TYPE_CHECKING:
    from fastpix.resources.media.options import Options

WAITING, COMPLETED, CANCELLED, EXPIRED = "waiting", "completed", "cancelled", "expired"


class Upload(InWorkspace, Base):
    """A file that may be sent until `expires_at`. Its media gets the same id; `settings` are the media's, as asked for.

    The address's secret is derived from the id, so nothing of it is stored.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        sa.Index("ix_uploads_page", "organization_id", "workspace_id", "status", "created_at", "id"),
        sa.Index("ix_uploads_expiry", "status", "expires_at"),
        sa.Index("ix_uploads_of_token", "by_token_id", "status", "expires_at"),
        sa.Index("ix_uploads_of_member", "by_member_id", "status", "expires_at"),
    )

    id: Mapped[UUID] = id_column()
    status: Mapped[str] = mapped_column(sa.String(10), default=WAITING)
    cors_origin: Mapped[str] = mapped_column(sa.String(255))
    settings: Mapped[dict[str, Any]]
    file_name: Mapped[str] = mapped_column(sa.String(255), default="")
    # Bytes of the file: as the first chunk announced them, in the end as they are.
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    # A file that is sent whole begins anew: what came before it, and still may come, lies elsewhere.
    attempt: Mapped[str] = mapped_column(sa.String(16), default="", server_default=sa.text("''"))
    created_by: Mapped[str] = mapped_column(sa.String(160))
    # The address ends with the membership of whoever asked for it, and with what they asked with; it rests while they may
    # not make media.
    by_member_id: Mapped[UUID | None] = mapped_column(sa.Uuid, sa.ForeignKey("members.id", ondelete="CASCADE"))
    by_token_id: Mapped[UUID | None] = mapped_column(sa.Uuid, sa.ForeignKey("access_tokens.id", ondelete="CASCADE"))
    by_token_secret: Mapped[int] = mapped_column(default=0, server_default="0")
    # No foreign key: that a session is gone must be seen.
    by_session_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class UploadRow(TypedDict):
    """An upload as it leaves the domain. `url` takes the file: only those get it who may create media."""

    id: UUID
    workspace_id: UUID
    status: str
    url: str | None
    cors_origin: str
    settings: Options
    file_name: str
    created_at: datetime
    expires_at: datetime
