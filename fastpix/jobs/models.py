"""The table of background jobs: a row is written in the transaction of the change that caused the job."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, id_column, now

QUEUED = "queued"
RUNNING = "running"
DONE = "done"
FAILED = "failed"


class Job(Base):
    """One piece of work. `organization_id` has no foreign key: a job may outlive its organization."""

    __tablename__ = "jobs"
    __table_args__ = (
        sa.CheckConstraint(f"state IN ('{QUEUED}', '{RUNNING}', '{DONE}', '{FAILED}')", name="state"),
        # The claim: ready rows by time; the few running ones are found by the same first column.
        sa.Index(None, "state", "run_at"),
    )

    id: Mapped[UUID] = id_column()
    kind: Mapped[str] = mapped_column(sa.String(60))
    args: Mapped[dict[str, Any]]
    organization_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(sa.String(10), default=QUEUED)
    run_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(sa.String(120))
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=12, server_default="12")
    error: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
