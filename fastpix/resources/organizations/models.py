"""Organizations: the tenant, its policies, and the counters kept with it."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.principal import Actor
from fastpix.access.tenancy import IsOrganization
from fastpix.db import Base, id_column, now


class Organization(IsOrganization, Base):
    """A tenant: its address, its policies, how many members it has, and the mark of the mails it was sent."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = id_column()
    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    members_edit_workspaces: Mapped[bool] = mapped_column(default=True)
    require_second_factor: Mapped[bool] = mapped_column(default=False)
    member_count: Mapped[int] = mapped_column(default=0)
    # For how many days rows of the audit log are kept; 0 is for ever.
    audit_days: Mapped[int] = mapped_column(default=0)
    # Whether the admins are reminded every month to review the access, and the last month (2026-11) they were.
    access_review_mail: Mapped[bool] = mapped_column(default=False)
    access_review_mailed: Mapped[str | None] = mapped_column(sa.String(7))
    # Where a day ends: an IANA name, such as Europe/Berlin.
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="UTC", server_default="UTC")
    created_at: Mapped[datetime] = mapped_column(default=now)


class FormerSlug(Base):
    """A name an organization's addresses once had; they redirect to the present one."""

    __tablename__ = "former_slugs"

    slug: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    of_organization_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )


class OrganizationRow(TypedDict):
    id: UUID
    slug: str
    name: str
    members_edit_workspaces: bool
    audit_days: int
    require_second_factor: bool
    access_review_mail: bool
    time_zone: str
    member_count: int
    created_at: datetime


class Me(TypedDict):
    """Who acts, where, and the keys of what they may do, in the order of the role table."""

    actor: Actor
    organization: OrganizationRow
    permissions: list[str]


class PermissionRow(TypedDict):
    """A row of the role table as it holds here; `mine` says whether the actor has it, `fresh` when it asks for a proof."""

    key: str
    area: str
    does: str
    admin: bool
    member: bool
    mine: bool
    fresh: str
