"""Live streams: the streams themselves, the words of their names, and what happened to them."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, Bytewise, id_column, now
from fastpix.resources.live_streams.simulcasts.models import SimulcastRow, hex_id
from fastpix.resources.playback_ids.models import PlaybackIdRow

# The words of the wire: docs/fastpix-contract.md, section 8.3.
IDLE, PREPARING, ACTIVE, DISABLED = "idle", "preparing", "active", "disabled"
STATUSES = (IDLE, PREPARING, ACTIVE, DISABLED)


class LiveStream(InWorkspace, Base):
    """A place to broadcast to. Its keys are derived from `key_generation`, so nothing that lets one publish is stored.

    `connection_id` is the encoder that holds the stream: whoever finds another one there has lost it. `broadcast_id` is
    the broadcast that is out, also while its encoder is away (`disconnected_at`) and may still return.
    """

    __tablename__ = "live_streams"
    __table_args__ = (
        sa.Index("ix_live_streams_page", "organization_id", "workspace_id", "created_at", "id"),
        sa.Index("ix_live_streams_on_air", "broadcast_id"),
        sa.CheckConstraint(f"status IN ({', '.join(repr(s) for s in STATUSES)})", name="status"),
    )

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=hex_id)
    status: Mapped[str] = mapped_column(sa.String(9), default=IDLE)
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata", sa.JSON, default=dict)
    max_resolution: Mapped[str] = mapped_column(sa.String(6), default="1080p")
    reconnect_window: Mapped[int] = mapped_column(default=60)
    media_policy: Mapped[str] = mapped_column(sa.String(8), default="public")
    enable_recording: Mapped[bool] = mapped_column(default=True)
    enable_dvr: Mapped[bool] = mapped_column(default=False)
    key_generation: Mapped[str] = mapped_column(sa.String(32), default=lambda: secrets.token_hex(16))
    # Goes into the signature of playback addresses: another one kills those that are out.
    generation: Mapped[str] = mapped_column(sa.String(16), default=lambda: secrets.token_hex(8))

    broadcast_id: Mapped[UUID | None]
    connection_id: Mapped[UUID | None]
    disconnected_at: Mapped[datetime | None]

    created_by: Mapped[str] = mapped_column(sa.String(160))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    @property
    def name(self) -> str:
        """What to call it. FastPix's API knows no names of streams, so it is an entry of the metadata."""
        return str(self.metadata_.get("name") or self.metadata_.get("title") or f"Stream {self.id[:8]}")


class LiveStreamWord(InWorkspace, Base):
    """A word of a stream's name, case-folded: search finds words by their beginning, by the index."""

    __tablename__ = "live_stream_words"
    __table_args__ = (sa.Index("ix_live_stream_words_find", "organization_id", "workspace_id", "word", "stream_id"),)

    stream_id: Mapped[str] = mapped_column(sa.ForeignKey("live_streams.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)


class LiveLogLine(InWorkspace, Base):
    """What happened to a stream, in sentences."""

    __tablename__ = "live_log"
    __table_args__ = (sa.Index("ix_live_log_page", "stream_id", "at", "id"),)

    id: Mapped[UUID] = id_column()
    stream_id: Mapped[str] = mapped_column(sa.ForeignKey("live_streams.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    text: Mapped[str] = mapped_column(sa.String(500))
    # Who was refused, so that the same one again does not fill the log.
    refused: Mapped[str] = mapped_column(sa.String(80), default="")


class Signal(TypedDict, total=False):
    """What comes in just now. `longest` is the longest segment so far in seconds, `bit_rate` in bits a second."""

    started_at: datetime
    seconds: float
    width: int
    height: int
    codecs: str
    longest: float
    bit_rate: int


class StreamRow(TypedDict):
    """A stream with all that belongs to it. Key and secrets are there for those alone who may publish."""

    id: str
    workspace_id: UUID
    organization_id: UUID
    name: str
    status: str
    metadata: dict[str, str]
    max_resolution: str
    reconnect_window: int
    media_policy: str
    enable_recording: bool
    enable_dvr: bool
    broadcast_id: UUID | None
    connection_id: UUID | None
    disconnected_at: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    stream_key: NotRequired[str]
    srt_secret: NotRequired[str]
    srt_playback_secret: NotRequired[str]
    playback_ids: list[PlaybackIdRow]
    simulcasts: list[SimulcastRow]
    media_ids: list[UUID]
    signal: Signal


class StreamMatch(TypedDict):
    """A stream that a search answers."""

    id: str
    name: str
    status: str
    workspace_id: UUID


class LogLine(TypedDict):
    at: datetime
    text: str
