"""Members and invitations: who is in an organization, with which role and workspaces, and who was asked to join."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.table import Role
from fastpix.access.tenancy import InOrganization
from fastpix.db import Base, Bytewise, id_column, now

ROLE = sa.Enum("admin", "member", name="role", native_enum=False, create_constraint=True, length=8)


class Member(InOrganization, Base):
    """A person's standing in one organization. Whatever hangs on it goes with it (ON DELETE CASCADE)."""

    __tablename__ = "members"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "person_id"),
        sa.Index("ix_members_page", "organization_id", "joined_at", "id"),
        sa.Index("ix_members_page_by_role", "organization_id", "role", "joined_at", "id"),
    )

    id: Mapped[UUID] = id_column()
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(ROLE)
    all_workspaces: Mapped[bool] = mapped_column(default=True)
    joined_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime | None]


class MemberWorkspace(Base):
    """One workspace that a member may enter; counts only for members without `all_workspaces`."""

    __tablename__ = "member_workspaces"

    member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    to_workspace_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )


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
    inviter_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("members.id", ondelete="CASCADE"), index=True)
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

    invitation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True)
    to_workspace_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )
