"""Usage: what delivery counted of each media and stream, and one row a day of what each workspace held and delivered."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base

HOUR, DAY = "hour", "day"


class UsageCount(InWorkspace, Base):
    """What went out to players of one media or live stream in the hour, or day, that begins at `at`. Nobody is in it.

    `subject_id` is the media's id or the stream's; no foreign key, since what was delivered stays delivered when the
    media is gone. `starts` are master playlists, `pieces` video segments, `seconds` their length.
    """

    __tablename__ = "usage_counts"
    __table_args__ = (
        sa.Index("ix_usage_counts_span", "span", "at"),
        sa.CheckConstraint(f"span IN ('{HOUR}', '{DAY}')", name="span"),
    )

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    span: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    starts: Mapped[int] = mapped_column(sa.BigInteger)
    pieces: Mapped[int] = mapped_column(sa.BigInteger)
    seconds: Mapped[float]

    @hybrid_property
    def views(self) -> int:
        """Starts that video followed: a script that asks for nothing but playlists is no viewer."""
        return min(self.starts, self.pieces)

    @views.inplace.expression
    @classmethod
    def _views(cls) -> sa.ColumnElement[int]:
        return sa.case((cls.starts < cls.pieces, cls.starts), else_=cls.pieces)


class UsageDay(InWorkspace, Base):
    """A workspace on a day (UTC): what it held when it was last measured that day, and what it delivered.

    `stored_bytes`, `stored_seconds` and `media` are empty for a day on which nothing was measured.
    """

    __tablename__ = "usage_days"
    __table_args__ = (sa.Index("ix_usage_days_page", "organization_id", "workspace_id", "day"),)

    workspace_id: Mapped[UUID] = mapped_column(
        sa.Uuid, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    stored_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    stored_seconds: Mapped[float | None]
    media: Mapped[int | None]
    views: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
