"""Deliveries: an event on its way to an endpoint, and every attempt."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


class WebhookDelivery(InWorkspace, Base):
    """An event on its way to an endpoint. `is_asked`: by a person, who may try an endpoint that is off."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.CheckConstraint(f"state IN ('{WAITING}', '{DELIVERED}', '{FAILED}')", name="state"),
        sa.Index("ix_webhook_deliveries_page", "webhook_id", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_of_event", "event_id"),
    )

    id: Mapped[UUID] = id_column()
    webhook_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("webhook_events.id", ondelete="CASCADE"))
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
    delivery_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    number: Mapped[int]
    status: Mapped[int | None]
    milliseconds: Mapped[int]
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    problem: Mapped[str] = mapped_column(sa.String(300), default="")
    at: Mapped[datetime] = mapped_column(default=now)


class DeliveryRow(TypedDict):
    """A delivery in the log of its endpoint."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    type: str
    state: str
    attempts: int
    problem: str
    next_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class AttemptRow(TypedDict):
    number: int
    at: datetime
    status: int | None
    milliseconds: int
    answer: str
    problem: str


class DeliveryWithAttempts(DeliveryRow):
    """A delivery with the body that is sent and every attempt, first to last."""

    body: str
    log: list[AttemptRow]
