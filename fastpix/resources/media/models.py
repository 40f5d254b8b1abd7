"""Media: what was uploaded or fetched, the words that find it, and the log of its processing."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, NotRequired, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, Bytewise, id_column, now
from fastpix.resources.media.tracks.models import TrackRow
from fastpix.resources.media.transcripts.models import Said
from fastpix.resources.playback_ids.models import PlaybackIdRow

# The words of the wire, exactly: docs/fastpix-contract.md, sections 8.1 and 8.2.
CREATED, DOWNLOADING, DOWNLOADED, VALIDATING = "Created", "Downloading", "Downloaded", "Validating"
IN_QUEUE, PROCESSING, READY, FAILED = "In Queue", "Processing", "Ready", "Failed"
STATUSES = (CREATED, DOWNLOADING, DOWNLOADED, VALIDATING, IN_QUEUE, PROCESSING, READY, FAILED)
UNDER_WAY = frozenset(STATUSES) - {READY, FAILED}

# Where the bytes of a media come from.
UPLOAD, URL, CLIP, RECORDING = "upload", "url", "clip", "recording"


class Download(TypedDict):
    """A file for viewers to download, as a media keeps it under the file's name: preparing, ready or failed."""

    status: str
    size: NotRequired[int]
    ext: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]
    reason: NotRequired[str]


class Rendition(TypedDict):
    """One of `video.datatypes.Rendition`, stored."""

    name: str
    width: int
    height: int
    bandwidth: int
    average_bandwidth: int
    codecs: str
    frame_rate: float
    size: int


class Sprite(TypedDict):
    """One of `video.datatypes.Sprite`, stored."""

    tile_width: int
    tile_height: int
    columns: int
    rows: int
    interval: float
    count: int


Downloads = dict[str, Download]


def folder(organization_id: UUID, workspace_id: UUID, media_id: UUID) -> str:
    """The storage prefix of all bytes of a media."""
    return f"{organization_id}/{workspace_id}/{media_id}"


class Media(InWorkspace, Base):
    """One video or audio. `version` names the folder whose bytes are valid; it is empty until something plays: the
    beginning while the media is Processing, everything once it is Ready.

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
    downloads: Mapped[Downloads] = mapped_column(sa.JSON, default=dict)

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
    renditions: Mapped[list[Rendition]] = mapped_column(sa.JSON, default=list)
    sprite: Mapped[Sprite | None] = mapped_column(sa.JSON(none_as_null=True))
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

    media_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("media.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)


class MediaCount(InWorkspace, Base):
    """How many media a workspace holds, kept in the transaction of every change: counting 10^6 rows would scan."""

    __tablename__ = "media_counts"

    workspace_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    total: Mapped[int] = mapped_column(default=0)


class LogLine(InWorkspace, Base):
    """What happened to a media, in sentences; `detail` is ffmpeg's own words, for those who may change the media."""

    __tablename__ = "media_log"
    __table_args__ = (sa.Index("ix_media_log_page", "media_id", "at", "id"),)

    id: Mapped[UUID] = id_column()
    media_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("media.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    text: Mapped[str] = mapped_column(sa.String(500))
    detail: Mapped[str] = mapped_column(sa.Text, default="")


class LogRow(TypedDict):
    """A line of a media's log."""

    at: datetime
    text: str
    detail: str


class MediaRow(TypedDict):
    """A media as it leaves the domain: its columns but the secret ones, with its playback ids and tracks.

    A list of the API is read without what it does not show.
    """

    id: UUID
    organization_id: UUID
    workspace_id: UUID
    title: str
    title_folded: str
    creator_id: str
    metadata: dict[str, str]
    media_quality: str
    max_resolution: str
    optimize_audio: bool
    source_access: bool
    mp4_support: str
    downloads: Downloads
    status: str
    percent: int | None
    failure: str
    job_id: NotRequired[UUID | None]
    source_kind: str
    source_url: str
    source_name: str
    source_size: int | None
    source_media_id: UUID | None
    stream_id: str | None
    start_time: float | None
    end_time: float | None
    container: str
    duration: float | None
    width: int | None
    height: int | None
    frame_rate: float | None
    is_audio_only: bool
    has_sound: bool
    renditions: NotRequired[list[Rendition]]
    sprite: NotRequired[Sprite | None]
    has_poster: bool
    version: str
    size: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    folder: str
    playback_ids: list[PlaybackIdRow]
    tracks: list[TrackRow]


class AuditedMedia(TypedDict):
    """What the audit log keeps of a media before and after a change."""

    title: str
    creator_id: str
    status: str
    source_access: bool
    mp4_support: str
    metadata: dict[str, str]


class FoundMedia(TypedDict):
    """A media as quick search shows it; `said` is the sentence for which it was found, if it was one."""

    id: UUID
    title: str
    source_name: str
    status: str
    workspace_id: UUID
    said: Said | None


class PrivatePlaybackId(TypedDict):
    """A private playback id that a signing key of its workspace can sign for, with its media's name."""

    id: UUID
    media_id: UUID
    name: str
