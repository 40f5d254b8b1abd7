"""Live streams: the streams themselves, how they play, where they are pushed to, and the broadcasts that went out."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, Bytewise, id_column, now

# The words of the wire contract, sections 4 and 8.
IDLE, PREPARING, ACTIVE, DISABLED = "idle", "preparing", "active", "disabled"
STATUSES = (IDLE, PREPARING, ACTIVE, DISABLED)

# What became of a push to another server.
RESTING, CONNECTING, BROADCASTING, BROKEN = "idle", "connecting", "broadcasting", "failed"
PUSH_STATES = (RESTING, CONNECTING, BROADCASTING, BROKEN)


def hex_id() -> str:
    """An id as the contract gives streams and simulcasts: 32 lower-case hex digits."""
    return uuid4().hex


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
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
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


class LivePlaybackId(InWorkspace, Base):
    """An address under which the broadcasts of a stream play, with its own policy and restrictions."""

    __tablename__ = "live_playback_ids"

    id: Mapped[UUID] = id_column()
    stream_id: Mapped[str] = mapped_column(sa.ForeignKey("live_streams.id", ondelete="CASCADE"), index=True)
    access_policy: Mapped[str] = mapped_column(sa.String(8))
    restrictions: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Simulcast(InWorkspace, Base):
    """Another server that a stream is pushed to. The key is sealed: it must be sent there and is shown to nobody else."""

    __tablename__ = "live_simulcasts"
    __table_args__ = (sa.CheckConstraint(f"state IN ({', '.join(repr(s) for s in PUSH_STATES)})", name="state"),)

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=hex_id)
    stream_id: Mapped[str] = mapped_column(sa.ForeignKey("live_streams.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(sa.String(1000))
    sealed_key: Mapped[bytes]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    state: Mapped[str] = mapped_column(sa.String(12), default=RESTING)
    state_text: Mapped[str] = mapped_column(sa.String(300), default="")
    state_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


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
    recording: Mapped[dict[str, Any]] = mapped_column(default=dict)
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


class LiveConnection(InWorkspace, Base):
    """An encoder that sends (or sent) a stream. `owner` names the ingest that serves it, which renews `lease_until`.

    `bit_rate` is in bits a second. `ended_at` is written when its last segment is kept.
    """

    __tablename__ = "live_connections"
    __table_args__ = (
        sa.Index("ix_live_connections_of_broadcast", "broadcast_id", "started_at"),
        sa.Index("ix_live_connections_open", "ended_at", "owner"),
    )

    id: Mapped[UUID] = id_column()
    broadcast_id: Mapped[UUID] = mapped_column(sa.ForeignKey("live_broadcasts.id", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(sa.String(160))
    engine: Mapped[str] = mapped_column(sa.String(8))
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    bit_rate: Mapped[int] = mapped_column(default=0)
    bytes_received: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    started_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(sa.String(300), default="")


class LiveSegment(InWorkspace, Base):
    """A piece of a broadcast that viewers can fetch: `<connection id>/<name>` in the broadcast's folder."""

    __tablename__ = "live_segments"

    broadcast_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("live_broadcasts.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int]
    connection_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(sa.String(24))
    seconds: Mapped[float]
    size: Mapped[int]
    at: Mapped[datetime]


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


class LiveViewer(InWorkspace, Base):
    """Somebody who fetched a stream's playlist lately. `viewer` is random, made for each start of a player."""

    __tablename__ = "live_viewers"
    __table_args__ = (sa.Index("ix_live_viewers_seen", "seen_at"),)

    stream_id: Mapped[str] = mapped_column(sa.ForeignKey("live_streams.id", ondelete="CASCADE"), primary_key=True)
    viewer: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    seen_at: Mapped[datetime]


class LiveViewerSample(InWorkspace, Base):
    """How many watched a broadcast in a minute: looked at once a minute while it is on air, and kept when it is over."""

    __tablename__ = "live_viewer_samples"
    __table_args__ = (sa.Index("ix_live_viewer_samples_at", "at"),)

    broadcast_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("live_broadcasts.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(primary_key=True)
    viewers: Mapped[int]
