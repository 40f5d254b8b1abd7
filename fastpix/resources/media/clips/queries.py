"""Lists of clips: of a media, and of the broadcasts of a live stream."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import db
from fastpix.errors import Missing
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.media import lifecycle, queries
from fastpix.resources.media.models import Media, MediaRow


@action("media.view")
def listed(media_id: UUID, offset: int, limit: int, is_ascending: bool = False) -> tuple[list[MediaRow], int]:
    """The clips of a media by page number (1-based), with the total. Raises `Missing`."""
    lifecycle.load(media_id)
    return _page(Media.source_media_id == media_id, offset, limit, is_ascending)


@action("media.view")
def recorded(stream_id: str, offset: int, limit: int, is_ascending: bool = False) -> tuple[list[MediaRow], int]:
    """The recordings of a live stream, as `listed`; also of one that was deleted. Raises `Missing` where there was none."""
    rows, total = _page(Media.stream_id == stream_id, offset, limit, is_ascending)
    if not total and db.session.scalar(sa.select(LiveStream.id).where(LiveStream.id == stream_id)) is None:
        raise Missing("There is no such live stream here.")
    return rows, total


def _page(of: sa.ColumnElement[bool], offset: int, limit: int, is_ascending: bool) -> tuple[list[MediaRow], int]:
    order = Media.created_at.asc() if is_ascending else Media.created_at.desc()
    ids = list(
        db.session.scalars(
            sa.select(Media.id).where(of).order_by(order, Media.id).offset((offset - 1) * limit).limit(limit)
        )
    )
    rows = queries.whole(ids)
    return [rows[clip_id] for clip_id in ids], db.session.scalar(sa.select(sa.func.count(Media.id)).where(of)) or 0
