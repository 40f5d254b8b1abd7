"""Members: who is in an organization, with which role and workspaces."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.table import Role
from fastpix.access.tenancy import InOrganization
from fastpix.db import Base, id_column, now

ROLE = sa.Enum("admin", "member", name="role", native_enum=False, create_constraint=True, length=8)


_ENDING: dict[str, Any] = {
    "sqlite_where": sa.text("ends_at IS NOT NULL"),
    "postgresql_where": sa.text("ends_at IS NOT NULL"),
}


class Member(InOrganization, Base):
    """A person's membership in one organization. Whatever hangs on it goes with it (ON DELETE CASCADE)."""

    __tablename__ = "members"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "person_id"),
        sa.Index("ix_members_page", "organization_id", "joined_at", "id"),
        sa.Index("ix_members_page_by_role", "organization_id", "role", "joined_at", "id"),
        sa.Index(
            "ix_members_suspended",
            "organization_id",
            "joined_at",
            "id",
            sqlite_where=sa.text("suspended_at IS NOT NULL"),
            postgresql_where=sa.text("suspended_at IS NOT NULL"),
        ),
        sa.Index("ix_members_ending", "organization_id", "joined_at", "id", **_ENDING),
        sa.Index("ix_members_ends_at", "ends_at", **_ENDING),
    )

    id: Mapped[UUID] = id_column()
    # Whoever is a member is not deleted: a membership ends by its own rules (`members.invariant`), never by a cascade.
    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="RESTRICT"), index=True)
    role: Mapped[Role] = mapped_column(ROLE)
    all_workspaces: Mapped[bool] = mapped_column(default=True)
    joined_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime | None]
    # Since when the membership gives no right, until somebody resumes it; nothing else of it changes meanwhile.
    suspended_at: Mapped[datetime | None]
    # With which day the membership ends by itself, which is kept then as one that is suspended; the moment at which that
    # day is over in the organization's time zone; and how many days before it was told last (`members.until.jobs`).
    ends_on: Mapped[date | None]
    ends_at: Mapped[datetime | None]
    end_told: Mapped[int | None]


# Whether a membership gives rights now; whether it makes one an admin; and one who stays, of whom there is always one.
_HAS_NOT_ENDED = sa.or_(
    Member.ends_at.is_(None), Member.ends_at > sa.bindparam("members_at", callable_=now, type_=Member.joined_at.type)
)
IS_ACTIVE = sa.and_(Member.suspended_at.is_(None), _HAS_NOT_ENDED)
IS_ACTIVE_ADMIN = sa.and_(Member.role == "admin", IS_ACTIVE)
IS_LASTING_ADMIN = sa.and_(Member.role == "admin", Member.suspended_at.is_(None), Member.ends_at.is_(None))


class MemberWorkspace(Base):
    """One workspace that a member may enter; counts only for members without `all_workspaces`."""

    __tablename__ = "member_workspaces"

    member_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    to_workspace_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class GrantedWorkspace(TypedDict):
    """A workspace that somebody may enter, as their row names it."""

    id: UUID
    name: str


class MemberRow(TypedDict):
    """A member with their person; `is_me` says whether it is the actor's own."""

    id: UUID
    person_id: UUID
    name: str
    email: str
    role: Role
    workspaces: Literal["all"] | list[GrantedWorkspace]
    joined_at: datetime
    last_seen_at: datetime | None
    is_me: bool
    has_second_factor: bool
    suspended_at: datetime | None
    ends_on: date | None
    ends_at: datetime | None
    has_ended: bool


class Successors(TypedDict):
    """Who could take over, some of `total`, and whether somebody must."""

    is_required: bool
    people: list[MemberRow]
    total: int
