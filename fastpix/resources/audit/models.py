"""The audit log: one row for every change, written in the change's own transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, id_column, now


class AuditRow(Base):
    """Outlives what it tells of: it has no foreign keys, so neither a person's nor an organization's end removes it.

    `organization_id` is empty for what a person did to their own account.
    """

    __tablename__ = "audit_log"
    __table_args__ = (sa.Index("ix_audit_log_page", "organization_id", "at", "id"),)

    id: Mapped[UUID] = id_column()
    at: Mapped[datetime] = mapped_column(default=now)
    organization_id: Mapped[UUID | None]
    workspace_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(sa.String(64))
    actor_kind: Mapped[str] = mapped_column(sa.String(8))
    actor_id: Mapped[str] = mapped_column(sa.String(64))
    actor_name: Mapped[str] = mapped_column(sa.String(160))
    door: Mapped[str] = mapped_column(sa.String(12))
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    request_id: Mapped[str] = mapped_column(sa.String(64), default="")
    target_kind: Mapped[str] = mapped_column(sa.String(32))
    target_id: Mapped[str] = mapped_column(sa.String(64))
    target_name: Mapped[str] = mapped_column(sa.String(254))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
