"""What is said in a media, by its subtitles: the sentences with their times, and the words that find them."""

from __future__ import annotations

from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, Bytewise


class Transcript(InWorkspace, Base):
    """The captions of a track as they were when it became available: pairs of a second and a text without markup."""

    __tablename__ = "track_transcripts"

    track_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True)
    media_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("media.id", ondelete="CASCADE"), index=True)
    sentences: Mapped[list[Any]] = mapped_column(sa.JSON)


class TrackWord(InWorkspace, Base):
    """A word that is said, folded (`text.spoken_words`); search finds it by the index. It goes with its track."""

    __tablename__ = "track_words"
    __table_args__ = (sa.Index("ix_track_words_find", "organization_id", "workspace_id", "word", "media_id"),)

    track_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)
    media_id: Mapped[UUID] = mapped_column(sa.Uuid)


class Said(TypedDict):
    """A sentence of a media, and the second at which it begins to be said."""

    at: float
    text: str
