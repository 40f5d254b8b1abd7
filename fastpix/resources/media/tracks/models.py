"""Tracks: the picture and sounds of a media, and the subtitles and sounds that were added."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now

PREPARING, AVAILABLE, FAILED = "preparing", "available", "failed"


class TrackDetails(TypedDict, total=False):
    """What is known of the picture of a video, of a prepared sound, of prepared subtitles."""

    width: int | None
    height: int | None
    frameRate: str  # stored and sent by this name
    codecs: str
    bandwidth: int
    duration: float
    notices: list[str]


class Track(InWorkspace, Base):
    """The picture or a sound of a media, or subtitles that were added. `details` holds width, height and frame rate."""

    __tablename__ = "tracks"
    __table_args__ = (sa.CheckConstraint("type IN ('video', 'audio', 'subtitle')", name="type"),)

    id: Mapped[UUID] = id_column()
    media_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("media.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(sa.String(8))
    status: Mapped[str] = mapped_column(sa.String(10), default=PREPARING)
    failure: Mapped[str] = mapped_column(sa.Text, default="")
    language_code: Mapped[str] = mapped_column(sa.String(35), default="")
    language_name: Mapped[str] = mapped_column(sa.String(80), default="")
    title: Mapped[str] = mapped_column(sa.String(255), default="")
    url: Mapped[str] = mapped_column(sa.Text, default="")
    # Its files lie in the media's folder under tracks/<this>; another one when they are made anew.
    version: Mapped[str] = mapped_column(sa.String(16), default="")
    details: Mapped[TrackDetails] = mapped_column(sa.JSON, default=dict)
    is_added: Mapped[bool] = mapped_column(default=False)
    # Subtitles that this server makes of what is said; while it does, how far it is, 0 to 99.
    is_generated: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    percent: Mapped[int | None]
    # What prepares it; none for captions that wait for their media.
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class TrackRow(TypedDict):
    """A track as it leaves the domain."""

    id: UUID
    media_id: UUID
    type: str
    status: str
    failure: str
    language_code: str
    language_name: str
    title: str
    url: str
    version: str
    details: TrackDetails
    is_added: bool
    is_generated: bool
    percent: int | None
