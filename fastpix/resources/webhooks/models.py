"""Webhooks: endpoints of a workspace, and the events that happened there."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now


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


class WebhookRow(TypedDict):
    """An endpoint as lists and pages show it, without its secret."""

    id: UUID
    workspace_id: UUID
    workspace_name: str
    url: str
    description: str
    events: list[str]
    is_enabled: bool
    off_reason: str
    failures: int
    created_by: str
    created_at: datetime
    rotated_at: datetime | None


class WebhookWithSecret(WebhookRow):
    """An endpoint with its secret, which leaves only when it is made."""

    secret: str
