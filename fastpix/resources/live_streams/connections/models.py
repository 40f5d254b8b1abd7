"""Connections of encoders: those that were, and what ingest is told of one that may publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now


class LiveConnection(InWorkspace, Base):
    """An encoder that sends (or sent) a stream, with the same tracks: where these change, another connection goes on.

    `owner` names the ingest that serves it, which renews `lease_until`.

    `bit_rate` is in bits a second. `ended_at` is written when its last segment is stored.
    """

    __tablename__ = "live_connections"
    __table_args__ = (
        sa.Index("ix_live_connections_of_broadcast", "broadcast_id", "started_at"),
        sa.Index("ix_live_connections_open", "ended_at", "owner"),
    )

    id: Mapped[UUID] = id_column()
    broadcast_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("live_broadcasts.id", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(sa.String(160))
    engine: Mapped[str] = mapped_column(sa.String(8))
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    bit_rate: Mapped[int] = mapped_column(default=0)
    bytes_received: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    started_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(sa.String(300), default="")


@dataclass(frozen=True)
class Admission:
    """An encoder that may publish now. `folder` is the storage prefix of what this connection sends."""

    connection_id: UUID
    stream_id: str
    broadcast_id: UUID
    organization_id: UUID
    folder: str


@dataclass(frozen=True)
class IngestRate:
    """What an encoder sends: bits a second of late, bytes in all."""

    bit_rate: int
    bytes_received: int
