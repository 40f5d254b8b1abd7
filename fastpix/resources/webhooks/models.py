"""Webhooks: endpoints of a workspace, the events that happened there, and what became of telling them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


class Webhook(InWorkspace, Base):
    """An endpoint. `events` empty means all. The secret is sealed, not hashed, since every delivery is signed with it.

    `failures` counts deliveries that failed in a row; `off_reason` says why it was switched off by itself.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        sa.Index("ix_webhooks_page", "organization_id", "created_at", "id"),
        sa.Index("ix_webhooks_of_workspace", "workspace_id", "is_enabled"),
    )

    id: Mapped[UUID] = id_column()
    url: Mapped[str] = mapped_column(sa.String(1000))
    description: Mapped[str] = mapped_column(sa.String(200), default="")
    events: Mapped[list[str]] = mapped_column(sa.JSON)
    is_enabled: Mapped[bool]
    sealed_secret: Mapped[bytes]
    failures: Mapped[int] = mapped_column(default=0)
    off_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    created_by: Mapped[str] = mapped_column(sa.String(160))
    created_at: Mapped[datetime] = mapped_column(default=now)
    rotated_at: Mapped[datetime | None]


class WebhookEvent(InWorkspace, Base):
    """What happened, word for word as it is sent: the signature is of these bytes."""

    __tablename__ = "webhook_events"
    __table_args__ = (sa.Index("ix_webhook_events_old", "created_at"),)

    id: Mapped[UUID] = id_column()
    type: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class WebhookDelivery(InWorkspace, Base):
    """An event on its way to an endpoint. `is_asked`: by a person, who may try an endpoint that is off."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.CheckConstraint(f"state IN ('{WAITING}', '{DELIVERED}', '{FAILED}')", name="state"),
        sa.Index("ix_webhook_deliveries_page", "webhook_id", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_of_event", "event_id"),
    )

    id: Mapped[UUID] = id_column()
    webhook_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhook_events.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(sa.String(9), default=WAITING)
    is_asked: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(sa.String(300), default="")
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


class WebhookAttempt(InWorkspace, Base):
    """One try: the answer's status and first bytes, or why there was none."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (sa.Index("ix_webhook_attempts_of_delivery", "delivery_id", "number"),)

    id: Mapped[UUID] = id_column()
    delivery_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    number: Mapped[int]
    status: Mapped[int | None]
    milliseconds: Mapped[int]
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    problem: Mapped[str] = mapped_column(sa.String(300), default="")
    at: Mapped[datetime] = mapped_column(default=now)
