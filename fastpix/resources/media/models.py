"""Media: what was uploaded or fetched, its playback ids, tracks, uploads under way, and the log of its processing."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, Bytewise, id_column, now

# The words of the wire contract, section 8, exactly.
CREATED, DOWNLOADING, DOWNLOADED, VALIDATING = "Created", "Downloading", "Downloaded", "Validating"
IN_QUEUE, PROCESSING, READY, FAILED = "In Queue", "Processing", "Ready", "Failed"
STATUSES = (CREATED, DOWNLOADING, DOWNLOADED, VALIDATING, IN_QUEUE, PROCESSING, READY, FAILED)
UNDER_WAY = frozenset(STATUSES) - {READY, FAILED}

# Where the bytes of a media come from.
UPLOAD, URL, CLIP, RECORDING = "upload", "url", "clip", "recording"

WAITING, COMPLETED, CANCELLED, EXPIRED = "waiting", "completed", "cancelled", "expired"
PREPARING, AVAILABLE, TRACK_FAILED = "preparing", "available", "failed"

NO_RULE: dict[str, Any] = {"defaultPolicy": "allow", "allow": [], "deny": []}
NO_RESTRICTIONS: dict[str, Any] = {"domains": NO_RULE, "userAgents": NO_RULE}


def folder(organization_id: UUID, workspace_id: UUID, media_id: UUID) -> str:
    """The storage prefix of all bytes of a media."""
    return f"{organization_id}/{workspace_id}/{media_id}"


class Media(InWorkspace, Base):
    """One video or audio. `version` names the folder whose bytes are valid; it is empty until the media is Ready.

    `generation` goes into the signature of playback addresses: another one kills those that are out.
    """

    __tablename__ = "media"
    __table_args__ = (
        # Each index begins as the tenancy filter does and ends with the id, so that pages are counted off in it alone.
        sa.Index("ix_media_page", "organization_id", "workspace_id", "created_at", "id"),
        sa.Index("ix_media_page_of_status", "organization_id", "workspace_id", "status", "created_at", "id"),
        sa.Index("ix_media_page_by_title", "organization_id", "workspace_id", "title_folded", "id"),
        sa.Index("ix_media_clips", "source_media_id", "created_at", "id"),
        sa.Index("ix_media_recordings", "stream_id", "created_at", "id"),
        sa.CheckConstraint(f"status IN ({', '.join(repr(s) for s in STATUSES)})", name="status"),
    )

    id: Mapped[UUID] = id_column()
    title: Mapped[str] = mapped_column(sa.String(255), default="")
    title_folded: Mapped[str] = mapped_column(Bytewise, default="")
    creator_id: Mapped[str] = mapped_column(sa.String(255), default="")
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    media_quality: Mapped[str] = mapped_column(sa.String(8), default="standard")
    max_resolution: Mapped[str] = mapped_column(sa.String(6), default="1080p")
    optimize_audio: Mapped[bool] = mapped_column(default=False)
    source_access: Mapped[bool] = mapped_column(default=False)
    mp4_support: Mapped[str] = mapped_column(sa.String(24), default="")
    downloads: Mapped[dict[str, Any]] = mapped_column(default=dict)

    status: Mapped[str] = mapped_column(sa.String(12), default=CREATED)
    percent: Mapped[int | None]
    failure: Mapped[str] = mapped_column(sa.Text, default="")
    job_id: Mapped[UUID | None]

    source_kind: Mapped[str] = mapped_column(sa.String(12))
    source_url: Mapped[str] = mapped_column(sa.Text, default="")
    source_name: Mapped[str] = mapped_column(sa.String(255), default="")
    source_size: Mapped[int | None] = mapped_column(sa.BigInteger)
    source_media_id: Mapped[UUID | None]
    stream_id: Mapped[str | None] = mapped_column(sa.String(32))
    start_time: Mapped[float | None]
    end_time: Mapped[float | None]

    container: Mapped[str] = mapped_column(sa.String(24), default="")
    duration: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    frame_rate: Mapped[float | None]
    is_audio_only: Mapped[bool] = mapped_column(default=False)
    has_sound: Mapped[bool] = mapped_column(default=False)
    renditions: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    sprite: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    has_poster: Mapped[bool] = mapped_column(default=False)
    version: Mapped[str] = mapped_column(sa.String(16), default="")
    generation: Mapped[str] = mapped_column(sa.String(16), default=lambda: secrets.token_hex(8))
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)

    created_by: Mapped[str] = mapped_column(sa.String(160))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    @property
    def folder(self) -> str:
        """The storage prefix of all its bytes."""
        return folder(self.organization_id, self.workspace_id, self.id)

    @property
    def source_key(self) -> str:
        return f"{self.folder}/source"


class MediaWord(InWorkspace, Base):
    """A word of a media's title or file name, case-folded: search finds words by their beginning, by the index."""

    __tablename__ = "media_words"
    __table_args__ = (sa.Index("ix_media_words_find", "organization_id", "workspace_id", "word", "media_id"),)

    media_id: Mapped[UUID] = mapped_column(sa.ForeignKey("media.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)


class MediaCount(InWorkspace, Base):
    """How many media a workspace holds, kept in the transaction of every change: counting 10^6 rows would scan."""

    __tablename__ = "media_counts"

    workspace_id: Mapped[UUID] = mapped_column(sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    total: Mapped[int] = mapped_column(default=0)


class PlaybackId(InWorkspace, Base):
    """An address under which a media plays, with its own policy, restrictions and highest resolution."""

    __tablename__ = "playback_ids"

    id: Mapped[UUID] = id_column()
    media_id: Mapped[UUID] = mapped_column(sa.ForeignKey("media.id", ondelete="CASCADE"), index=True)
    access_policy: Mapped[str] = mapped_column(sa.String(8))
    resolution: Mapped[str | None] = mapped_column(sa.String(6))
    restrictions: Mapped[dict[str, Any]] = mapped_column(default=lambda: NO_RESTRICTIONS)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Track(InWorkspace, Base):
    """The picture or a sound of a media, or subtitles that were added. `details` holds width, height and frame rate."""

    __tablename__ = "tracks"
    __table_args__ = (sa.CheckConstraint("type IN ('video', 'audio', 'subtitle')", name="type"),)

    id: Mapped[UUID] = id_column()
    media_id: Mapped[UUID] = mapped_column(sa.ForeignKey("media.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(sa.String(8))
    status: Mapped[str] = mapped_column(sa.String(10), default=PREPARING)
    failure: Mapped[str] = mapped_column(sa.Text, default="")
    language_code: Mapped[str] = mapped_column(sa.String(35), default="")
    language_name: Mapped[str] = mapped_column(sa.String(80), default="")
    title: Mapped[str] = mapped_column(sa.String(255), default="")
    url: Mapped[str] = mapped_column(sa.Text, default="")
    # Its files lie in the media's folder under tracks/<this>; another one when they are made anew.
    version: Mapped[str] = mapped_column(sa.String(16), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_added: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Upload(InWorkspace, Base):
    """A file that may be sent until `expires_at`. Its media gets the same id; `settings` are the media's, as asked for.

    The address's secret is derived from the id, so nothing of it is stored.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        sa.Index("ix_uploads_page", "organization_id", "workspace_id", "status", "created_at", "id"),
        sa.Index("ix_uploads_expiry", "status", "expires_at"),
    )

    id: Mapped[UUID] = id_column()
    status: Mapped[str] = mapped_column(sa.String(10), default=WAITING)
    cors_origin: Mapped[str] = mapped_column(sa.String(255))
    settings: Mapped[dict[str, Any]]
    file_name: Mapped[str] = mapped_column(sa.String(255), default="")
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_by: Mapped[str] = mapped_column(sa.String(160))
    # The address ends with the membership of whoever asked for it, and rests while they may not make media.
    by_member_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class LogLine(InWorkspace, Base):
    """What happened to a media, in sentences; `detail` is ffmpeg's own words, for those who may change the media."""

    __tablename__ = "media_log"
    __table_args__ = (sa.Index("ix_media_log_page", "media_id", "at", "id"),)

    id: Mapped[UUID] = id_column()
    media_id: Mapped[UUID] = mapped_column(sa.ForeignKey("media.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    text: Mapped[str] = mapped_column(sa.String(500))
    detail: Mapped[str] = mapped_column(sa.Text, default="")
