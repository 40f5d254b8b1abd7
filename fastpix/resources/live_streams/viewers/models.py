"""Who watches a stream just now, and how many watched its broadcasts minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base

# A player asks for the playlist every segment's length; one that was silent for longer went away.
PRESENT = timedelta(seconds=25)


class LiveViewer(InWorkspace, Base):
    """Somebody who fetched a stream's playlist lately. `viewer` is random, made for each start of a player."""

    __tablename__ = "live_viewers"
    __table_args__ = (sa.Index("ix_live_viewers_seen", "seen_at"),)

    stream_id: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("live_streams.id", ondelete="CASCADE"), primary_key=True
    )
    viewer: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    seen_at: Mapped[datetime]


class LiveViewerSample(InWorkspace, Base):
    """How many watched a broadcast in a minute: looked at once a minute while it is on air, and kept when it is over."""

    __tablename__ = "live_viewer_samples"
    __table_args__ = (sa.Index("ix_live_viewer_samples_at", "at"),)

    broadcast_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("live_broadcasts.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(primary_key=True)
    viewers: Mapped[int]


class ViewerSample(TypedDict):
    at: datetime
    viewers: int


class Audience(TypedDict):
    """How many watched a broadcast. `samples` are those of its last day, oldest first, or none where not asked for."""

    id: UUID
    started_at: datetime
    ended_at: datetime | None
    most_viewers: int
    samples: list[ViewerSample]
