"""The table of mails: what is to be sent, was sent, or was refused in the mail server's own words."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, id_column, now

WAITING = "waiting"
SENT = "sent"
FAILED = "failed"


class Mail(Base):
    """One mail to one person. `sealed` holds the encrypted bodies until they are sent."""

    __tablename__ = "mails"
    __table_args__ = (
        sa.CheckConstraint(f"state IN ('{WAITING}', '{SENT}', '{FAILED}')", name="state"),
        sa.Index(None, "organization_id", "state"),
        sa.Index(None, "about"),
        sa.Index(None, "state", "created_at"),
    )

    id: Mapped[UUID] = id_column()
    organization_id: Mapped[UUID | None]
    recipient: Mapped[str] = mapped_column(sa.String(320))
    subject: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.String(60))
    about: Mapped[UUID | None]
    sealed: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(sa.String(10), default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    # The last answer, and the command of SMTP (`smtp.NotSent.step`) that it answered.
    error: Mapped[str | None] = mapped_column(sa.Text)
    step: Mapped[str | None] = mapped_column(sa.String(20))
    # What delivers it. No foreign key: a job that is done is deleted long before its mail.
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
