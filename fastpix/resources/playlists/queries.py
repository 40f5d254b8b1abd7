"""What lies in a playlist: its media in order as players need them, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVarTuple
from uuid import UUID

import sqlalchemy as sa

from fastpix import urls
from fastpix.db import db
from fastpix.resources.media.models import READY, Media
from fastpix.resources.playback_ids.models import PlaybackId
from fastpix.resources.playlists import rules
from fastpix.resources.playlists.models import OLDEST_FIRST, SMART, Playlist, PlaylistItem, PlaylistMedia

_Columns = TypeVarTuple("_Columns")

_SHOWN = sa.select(
    Media.id,
    Media.title,
    Media.source_name,
    Media.creator_id,
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


def media_of(playlist: Playlist) -> list[PlaylistMedia]:
    """The media in play order, each with the picture under its first playback id."""
    if playlist.type == SMART:
        rows = db.session.execute(_matching(playlist, _SHOWN)).all()
    else:
        rows = db.session.execute(_ITEMS, {"playlist_id": playlist.id}).all()
    thumbnails = _thumbnails([row.id for row in rows])
    return [_as_dict(row, thumbnails.get(row.id)) for row in rows]


def counts(playlists: Sequence[Playlist]) -> dict[UUID, int]:
    """How many media each of these playlists holds. One statement for all manual ones, one for each smart one."""
    manual = [playlist.id for playlist in playlists if playlist.type != SMART]
    numbers = dict.fromkeys(manual, 0)
    if manual:
        numbers |= {row[0]: row[1] for row in db.session.execute(_COUNTS, {"playlist_ids": manual})}
    for playlist in playlists:
        if playlist.type == SMART:
            matching = _matching(playlist, sa.select(Media.id)).subquery()
            numbers[playlist.id] = db.session.scalar(sa.select(sa.func.count(matching.c.id))) or 0
    return numbers


def _matching(playlist: Playlist, columns: sa.Select[*_Columns]) -> sa.Select[*_Columns]:
    is_oldest_first = playlist.play_order == OLDEST_FIRST
    order = [c.asc() if is_oldest_first else c.desc() for c in (Media.created_at, Media.id)]
    here = columns.where(Media.workspace_id == playlist.workspace_id, Media.status == READY)
    return here.where(*rules.conditions(playlist, Media)).order_by(*order).limit(playlist.limit)


def _thumbnails(media_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The picture's address of each media, under its first playback id."""
    pictures: dict[UUID, str] = {}
    for media_id, playback_id in db.session.execute(_PLAYBACK_IDS, {"media_ids": list(media_ids)}):
        pictures.setdefault(media_id, urls.image(playback_id))
    return pictures


def _as_dict(row: sa.Row[*tuple[Any, ...]], thumbnail: str | None) -> PlaylistMedia:
    return {
        "id": row.id,
        "title": row.title,
        "source_name": row.source_name,
        "creator_id": row.creator_id,
        "status": row.status,
        "duration": row.duration,
        # The short side names a resolution, whichever way the picture stands
        # (docs/fastpix-contract.md, section 10, D4).
        "source_resolution": str(min(row.width, row.height)) if row.width and row.height else None,
        "thumbnail": thumbnail,
        "created_at": row.created_at,
    }
