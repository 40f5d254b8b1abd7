"""Simulcast targets: other servers that a stream is pushed to, and how each push goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, now

# What became of a push to another server.
RESTING, CONNECTING, BROADCASTING, BROKEN = "idle", "connecting", "broadcasting", "failed"
PUSH_STATES = (RESTING, CONNECTING, BROADCASTING, BROKEN)


def hex_id() -> str:
    """An id as the contract gives streams and simulcasts: 32 lower-case hex digits."""
    return uuid4().hex


class Simulcast(InWorkspace, Base):
    """Another server that a stream is pushed to. The key is sealed: it must be sent there and is shown to nobody else."""

    __tablename__ = "live_simulcasts"
    __table_args__ = (sa.CheckConstraint(f"state IN ({', '.join(repr(s) for s in PUSH_STATES)})", name="state"),)

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=hex_id)
    stream_id: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("live_streams.id", ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(sa.String(1000))
    sealed_key: Mapped[bytes]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata", sa.JSON, default=dict)
    state: Mapped[str] = mapped_column(sa.String(12), default=RESTING)
    state_text: Mapped[str] = mapped_column(sa.String(300), default="")
    state_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SimulcastRow(TypedDict):
    """A target. Address, key and what went wrong are empty for those who may not publish: the address may hold a secret."""

    id: str
    stream_id: str
    url: str
    stream_key: str
    is_enabled: bool
    metadata: dict[str, str]
    state: str
    state_text: str
    state_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Target:
    """Where ingest pushes a stream to. The key is for that server alone: it goes into no log."""

    id: str
    url: str
    key: str = field(repr=False)
