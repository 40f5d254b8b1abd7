"""Signing keys: the public half of RSA pairs that sign private playback. The private half is never stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now


class SigningKey(InWorkspace, Base):
    """`created_by` keeps the maker's name (person or token) when they are gone."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        sa.Index("ix_signing_keys_page", "organization_id", "created_at", "id"),
        sa.Index("ix_signing_keys_page_of_workspace", "workspace_id", "created_at", "id"),
    )

    id: Mapped[UUID] = id_column()
    public_key: Mapped[str] = mapped_column(sa.Text)
    created_by: Mapped[str] = mapped_column(sa.String(160))
    created_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("members.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
