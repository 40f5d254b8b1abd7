"""What lies in a playlist: its media in order as players need them, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import links
from fastpix.db import db
from fastpix.resources.media.models import READY, Media, PlaybackId
from fastpix.resources.playlists import rules
from fastpix.resources.playlists.models import OLDEST_FIRST, SMART, Playlist, PlaylistItem

_SHOWN = sa.select(
    Media.id,
    Media.title,
    Media.source_name,
    Media.status,
    Media.duration,
    Media.width,
    Media.height,
    Media.created_at,
)
_ITEMS = (
    _SHOWN.join(PlaylistItem, PlaylistItem.media_id == Media.id)
    .where(PlaylistItem.playlist_id == sa.bindparam("playlist_id"))
    .order_by(PlaylistItem.position, PlaylistItem.media_id)
)
_PLAYBACK_IDS = (
    sa.select(PlaybackId.media_id, PlaybackId.id)
    .where(PlaybackId.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(PlaybackId.created_at, PlaybackId.id)
)
_COUNTS = (
    sa.select(PlaylistItem.playlist_id, sa.func.count(PlaylistItem.media_id))
    .where(PlaylistItem.playlist_id.in_(sa.bindparam("playlist_ids", expanding=True)))
    .group_by(PlaylistItem.playlist_id)
)


def of(playlist: Playlist) -> list[dict[str, Any]]:
    """The media in play order: {id, title, status, duration (seconds), source_resolution, thumbnail, created_at}."""
    found: Any = _matching(playlist, _SHOWN) if playlist.type == SMART else _ITEMS
    rows = db.session.execute(found, {"playlist_id": playlist.id} if found is _ITEMS else {}).all()
    pictures = _thumbnails([row.id for row in rows])
    return [_as_dict(row, pictures.get(row.id)) for row in rows]


def counts(playlists: Sequence[Playlist]) -> dict[UUID, int]:
    """How many media each of these playlists holds. One statement for all manual ones, one for each smart one."""
    manual = [playlist.id for playlist in playlists if playlist.type != SMART]
    found = dict.fromkeys(manual, 0)
    if manual:
        found |= {row[0]: row[1] for row in db.session.execute(_COUNTS, {"playlist_ids": manual})}
    for playlist in playlists:
        if playlist.type == SMART:
            matching = _matching(playlist, sa.select(Media.id)).subquery()
            found[playlist.id] = db.session.scalar(sa.select(sa.func.count(matching.c.id))) or 0
    return found


def _matching(playlist: Playlist, columns: Any) -> Any:
    is_oldest_first = playlist.play_order == OLDEST_FIRST
    order = [c.asc() if is_oldest_first else c.desc() for c in (Media.created_at, Media.id)]
    here = columns.where(Media.workspace_id == playlist.workspace_id, Media.status == READY)
    return here.where(*rules.conditions(playlist, Media)).order_by(*order).limit(playlist.limit)


def _thumbnails(media_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The picture's address of each media, under its first playback id."""
    found: dict[UUID, str] = {}
    for media_id, playback_id in db.session.execute(_PLAYBACK_IDS, {"media_ids": list(media_ids)}):
        found.setdefault(media_id, links.image(playback_id))
    return found


def _as_dict(row: Any, thumbnail: str | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title or row.source_name,
        "status": row.status,
        "duration": row.duration,
        # The short side names a resolution, whichever way the picture stands (contract section 10, D4).
        "source_resolution": str(min(row.width, row.height)) if row.width and row.height else None,
        "thumbnail": thumbnail,
        "created_at": row.created_at,
    }
