"""Invitations: who was asked to join an organization, with which role and workspaces."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.table import Role
from fastpix.access.tenancy import InOrganization
from fastpix.db import Base, Bytewise, id_column, now
from fastpix.resources.members.models import ROLE, GrantedWorkspace


class Invitation(InOrganization, Base):
    """An invite to one address. Two secrets lead to it, kept as SHA-256: the mailed one proves the address, the shown
    one does not."""

    __tablename__ = "invitations"
    __table_args__ = (
        sa.Index(
            "uq_invitations_open",
            "organization_id",
            "email_canonical",
            unique=True,
            sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
            postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        ),
        sa.Index("ix_invitations_page", "organization_id", "created_at", "id"),
    )

    id: Mapped[UUID] = id_column()
    inviter_id: Mapped[UUID | None] = mapped_column(
        sa.Uuid, sa.ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    inviter_name: Mapped[str] = mapped_column(sa.String(120))
    email: Mapped[str] = mapped_column(sa.String(254))
    email_canonical: Mapped[str] = mapped_column(Bytewise)
    role: Mapped[Role] = mapped_column(ROLE)
    all_workspaces: Mapped[bool] = mapped_column(default=True)
    mailed_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    shown_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class InvitationWorkspace(Base):
    """One workspace that the invited person may enter."""

    __tablename__ = "invitation_workspaces"

    invitation_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    to_workspace_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class InvitationRow(TypedDict):
    """An open invite; `delivery` is what became of its mail, in words."""

    id: UUID
    email: str
    role: Role
    workspaces: Literal["all"] | list[GrantedWorkspace]
    invited_by: str
    created_at: datetime
    sent_at: datetime
    expires_at: datetime
    status: Literal["pending", "expired"]
    delivery: str


Obstacle = Literal["already_member", "already_invited", "invalid", "limited", "gone"]


class Invited(TypedDict):
    """An address that was invited. The link is shown now and never again."""

    email: str
    status: Literal["invited"]
    message: str
    invitation: InvitationRow
    link: str


class NotInvited(TypedDict):
    """An address that was not invited, with the reason as a sentence."""

    email: str
    status: Obstacle
    message: str
    invitation: None
    link: None


InviteResult = Invited | NotInvited
