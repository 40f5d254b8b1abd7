"""Workspaces: production, development and whatever else a team separates; parents of keys, tokens, media and streams."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import IsWorkspace
from fastpix.db import Base, id_column, now

KINDS = ("development", "production", "qa", "staging")


class Workspace(IsWorkspace, Base):
    """`slug` stands in addresses and stays when the name changes; `name_folded` keeps names unique.

    `token_count` is kept in the transactions that make access tokens: counting 10^6 of them would scan.
    """

    __tablename__ = "workspaces"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "slug"),
        sa.UniqueConstraint("organization_id", "name_folded"),
        sa.Index("ix_workspaces_page", "organization_id", "created_at", "id"),
    )

    id: Mapped[UUID] = id_column()
    slug: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(80))
    name_folded: Mapped[str] = mapped_column(sa.String(240))
    kind: Mapped[str] = mapped_column(
        sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=16)
    )
    description: Mapped[str] = mapped_column(sa.String(500), default="")
    # The language that is spoken in what is uploaded, if captions are made of all of it.
    captions_code: Mapped[str] = mapped_column(sa.String(35), default="", server_default=sa.text("''"))
    captions_name: Mapped[str] = mapped_column(sa.String(80), default="", server_default=sa.text("''"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    token_count: Mapped[int] = mapped_column(default=0, server_default="0")


class WorkspaceRow(TypedDict):
    """A workspace as lists and pages show it."""

    id: UUID
    slug: str
    name: str
    kind: str
    description: str
    captions_code: str
    captions_name: str
    created_at: datetime
