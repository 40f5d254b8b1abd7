"""Broadcasts that went out, and the segments that viewers can fetch of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now
from fastpix.resources.live_streams.connections.models import Admission


class RecordingOptions(TypedDict):
    """What the media of a broadcast gets of its stream's settings."""

    title: str
    policy: str
    metadata: dict[str, str]
    max_resolution: str


class LiveBroadcast(InWorkspace, Base):
    """One broadcast: from the first encoder that connects until it ended for good. Outlives its stream, since what was
    recorded is worth more than the stream's settings; `recording` keeps those of them that its media gets.

    `position` counts the segments, `part` the connections that sent any. `settled_at`: what was to be made of it exists.
    """

    __tablename__ = "live_broadcasts"
    __table_args__ = (
        sa.Index("ix_live_broadcasts_of_stream", "stream_id", "started_at"),
        sa.Index("ix_live_broadcasts_unsettled", "settled_at", "ended_at"),
        sa.Index("ix_live_broadcasts_uncleared", "cleared_at", "settled_at"),
    )

    id: Mapped[UUID] = id_column()
    stream_id: Mapped[str] = mapped_column(sa.String(32))
    recording: Mapped[RecordingOptions] = mapped_column(sa.JSON, default=dict)
    is_recorded: Mapped[bool]
    is_dvr: Mapped[bool]
    position: Mapped[int] = mapped_column(default=0)
    part: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    longest: Mapped[float] = mapped_column(default=0.0)
    codecs: Mapped[str] = mapped_column(sa.String(80), default="")
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    media_id: Mapped[UUID | None]
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]

    @property
    def folder(self) -> str:
        """The storage prefix of all its segments."""
        return f"{self.organization_id}/{self.workspace_id}/{self.id}"


class LiveSegment(InWorkspace, Base):
    """A segment of a broadcast that viewers can fetch: `<connection id>/<name>` in the broadcast's folder.

    `frames` are its pictures: 0 where there are none, or where nobody counted them (before December 2026).
    """

    __tablename__ = "live_segments"

    broadcast_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("live_broadcasts.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int]
    connection_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(sa.String(24))
    seconds: Mapped[float]
    size: Mapped[int]
    frames: Mapped[int] = mapped_column(default=0, server_default="0")
    at: Mapped[datetime]


@dataclass(frozen=True)
class StoredSegment:
    """A segment that lies in the storage: `seconds` long, `size` in bytes, begun `at`, of so many pictures."""

    name: str
    seconds: float
    size: int
    at: datetime
    frames: int = 0


@dataclass(frozen=True)
class VideoInfo:
    """What the init segment says of a connection. Sides are 0 where there is no picture."""

    codecs: str
    width: int
    height: int


@dataclass(frozen=True)
class NewSegments:
    """Segments of one connection that lie in the storage, in order, and what its init segment says."""

    admission: Admission
    segments: Sequence[StoredSegment]
    video: VideoInfo
