"""Playlists: media put in an order by hand (manual), or whatever was created or changed in given days (smart)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now

# The words of the wire, exactly: docs/fastpix-contract.md, section 6.
MANUAL, SMART = "manual", "smart"
TYPES = (MANUAL, SMART)
OLDEST_FIRST, NEWEST_FIRST = "createdDate ASC", "createdDate DESC"
ORDERS = (OLDEST_FIRST, NEWEST_FIRST)
MOST_MEDIA = 1000


class Playlist(InWorkspace, Base):
    """`reference_id` is the maker's own name for it, unique in the workspace. A smart one keeps `rules`, not items:
    {createdDate, updatedDate} with {startDate, endDate} each, as they came over the wire."""

    __tablename__ = "playlists"
    __table_args__ = (
        sa.UniqueConstraint("workspace_id", "reference_id"),
        sa.Index("ix_playlists_page", "organization_id", "created_at", "id"),
        sa.Index("ix_playlists_page_of_workspace", "organization_id", "workspace_id", "created_at", "id"),
        sa.CheckConstraint("type IN ('manual', 'smart')", name="type"),
    )

    id: Mapped[UUID] = id_column()
    name: Mapped[str] = mapped_column(sa.String(255))
    reference_id: Mapped[str] = mapped_column(sa.String(255))
    type: Mapped[str] = mapped_column(sa.String(6))
    description: Mapped[str] = mapped_column(sa.String(1000), default="")
    limit: Mapped[int] = mapped_column(default=MOST_MEDIA)
    play_order: Mapped[str] = mapped_column(sa.String(16), default="")
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[str] = mapped_column(sa.String(160))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class PlaylistItem(InWorkspace, Base):
    """A media's place in a manual playlist. Places only order: there may be gaps where media went."""

    __tablename__ = "playlist_items"
    __table_args__ = (sa.Index("ix_playlist_items_order", "playlist_id", "position", "media_id"),)

    playlist_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("playlists.id", ondelete="CASCADE"), primary_key=True
    )
    media_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("media.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]


class PlaylistMedia(TypedDict):
    """A media in a playlist; `duration` in seconds."""

    id: UUID
    title: str
    source_name: str
    creator_id: str
    status: str
    duration: float | None
    source_resolution: str | None
    thumbnail: str | None
    created_at: datetime


class PlaylistFacts(TypedDict):
    """What somebody decided about a playlist; the audit log tells of it."""

    name: str
    reference_id: str
    type: str
    description: str
    limit: int
    play_order: str
    rules: dict[str, Any]


class PlaylistRow(PlaylistFacts):
    """A playlist in a list."""

    id: UUID
    workspace_id: UUID
    created_by: str
    created_at: datetime
    updated_at: datetime
    media_count: int


class PlaylistWithMedia(PlaylistRow):
    """A playlist with its media in play order."""

    media_list: list[PlaylistMedia]
