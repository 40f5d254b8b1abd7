"""Signing keys: the public half of RSA pairs that sign private playback. The private half is never stored."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
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
    created_by_id: Mapped[UUID | None] = mapped_column(
        sa.Uuid, sa.ForeignKey("members.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class SigningKeyRow(TypedDict):
    """A key with its public half, and the name and type of its workspace."""

    id: UUID
    workspace_id: UUID
    public_key: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    workspace_name: str


class NewSigningKey(TypedDict):
    """A key as it leaves when it is made, and never again: `private_key` is Base64 of the PKCS#8 PEM that is `pem`."""

    id: UUID
    private_key: str
    pem: str
    created_at: datetime
