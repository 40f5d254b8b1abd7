"""Lists of media that stay fast at any size: columns by index, a kept total, keyset pages, words by their beginning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from fastpix import words
from fastpix.access import principal
from fastpix.access.action import action
from fastpix.db import db
from fastpix.resources.media.models import Media, MediaCount, MediaWord, PlaybackId, Track

PAGE = 24

_ENTITY = sa.select(Media)
_TOTAL = sa.select(MediaCount.total).where(MediaCount.workspace_id == sa.bindparam("workspace"))
_PLAYBACK_IDS = (
    sa.select(PlaybackId)
    .where(PlaybackId.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(PlaybackId.created_at, PlaybackId.id)
)
_TRACKS = (
    sa.select(Track)
    .where(Track.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(Track.created_at, Track.id)
)
_FOUND = sa.select(Media.id, Media.title, Media.source_name, Media.status, Media.workspace_id).where(
    Media.id.in_(sa.bindparam("media_ids", expanding=True))
)
SORTS = ("newest", "oldest", "title")


@dataclass(frozen=True)
class Page:
    """Some media and the cursors of the pages beside it (None where there is none). `total` is None where counting
    would scan."""

    rows: list[dict[str, Any]]
    back: str | None
    on: str | None
    total: int | None


@action("media.view")
def listed(workspace_id: UUID, offset: int, limit: int, is_ascending: bool = False) -> tuple[list[dict[str, Any]], int]:
    """Media by page number (1-based), with the total: the API's list. Far pages are counted off from the nearer end."""
    amount = total(workspace_id)
    skip = (offset - 1) * limit
    if skip >= amount:
        return [], amount
    size = min(limit, amount - skip)
    from_behind = amount - skip - size
    is_turned = from_behind < skip
    ids = sa.select(Media.id).where(Media.workspace_id == workspace_id)
    ids = ids.order_by(*_by_time(is_ascending != is_turned)).limit(size).offset(min(skip, from_behind))
    found = list(db.session.scalars(ids))
    rows = whole(found)
    return [rows[media_id] for media_id in (reversed(found) if is_turned else found) if media_id in rows], amount


@action("media.view")
def library(
    workspace_id: UUID, *, query: str = "", status: str = "", sort: str = "newest", after: str = "", before: str = ""
) -> Page:
    """A page of the dashboard's library. `after` and `before` are cursors of an earlier page; `query` words are the
    beginnings of words of the title or file name, all of which must be there."""
    statement = _filtered(workspace_id, query, status)
    columns, is_ascending = _order(sort)
    is_backwards = bool(before)
    mark = _parse_cursor(before or after, sort)
    if mark is not None:
        place = sa.tuple_(*(sa.literal(value, c.type) for value, c in zip(mark, columns, strict=True)))
        statement = statement.where(
            sa.tuple_(*columns) > place if is_ascending != is_backwards else sa.tuple_(*columns) < place
        )
    ordered = [c.asc() if is_ascending != is_backwards else c.desc() for c in columns]
    found = db.session.execute(statement.order_by(*ordered).limit(PAGE + 1)).all()
    has_more, found = len(found) > PAGE, list(found[:PAGE])
    if is_backwards:
        found.reverse()
    rows = whole([row.id for row in found])
    back = _cursor(found[0]) if found and (has_more if is_backwards else mark is not None) else None
    on = _cursor(found[-1]) if found and (is_backwards or has_more) else None
    counted = None if query or status else total(workspace_id)
    return Page([rows[row.id] for row in found if row.id in rows], back, on, counted)


@action("media.view")
def find(text: str, workspace_ids: Iterable[UUID], most: int) -> list[dict[str, Any]]:
    """At most `most` media with such words, or of such an id or playback id: {id, title, source_name, status, …}."""
    ids = _by_id(text, most) + words.find(MediaWord, MediaWord.media_id, text, workspace_ids, most)
    rows = {row.id: dict(row._mapping) for row in db.session.execute(_FOUND, {"media_ids": ids})} if ids else {}
    return [rows[media_id] for media_id in dict.fromkeys(ids) if media_id in rows][:most]


def _by_id(text: str, most: int) -> list[UUID]:
    span = words.id_range(text)
    if span is None:
        return []
    own = sa.select(Media.id).where(Media.id.between(*span)).limit(most)
    played = sa.select(PlaybackId.media_id).where(PlaybackId.id.between(*span)).limit(most)
    return [*db.session.scalars(own), *db.session.scalars(played)]


def total(workspace_id: UUID) -> int:
    """How many media a workspace holds."""
    return db.session.scalar(_TOTAL, {"workspace": workspace_id}) or 0


def whole(ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Media with their playback ids and tracks, by id; three statements for any number."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = {media.id: as_dict(media) for media in db.session.scalars(_ENTITY.where(Media.id.in_(wanted)))}
    for playback_id in db.session.scalars(_PLAYBACK_IDS, {"media_ids": wanted}):
        rows[playback_id.media_id]["playback_ids"].append(playback_as_dict(playback_id))
    for track in db.session.scalars(_TRACKS, {"media_ids": wanted}):
        rows[track.media_id]["tracks"].append(track_as_dict(track))
    return rows


def as_dict(media: Media) -> dict[str, Any]:
    """Every column of a media but the secret ones, with empty lists for what belongs to it."""
    told = {column.key: getattr(media, column.key) for column in sa.inspect(Media).column_attrs}
    told["metadata"] = told.pop("metadata_")
    told["failure"] = for_reader(media.failure, media.source_url)
    del told["generation"]
    return told | {"playback_ids": [], "tracks": [], "folder": media.folder}


def for_reader(text: str, url: str) -> str:
    """The text; without any host for those who may not know where a file came from: redirects name others, too."""
    if not url or principal.may("media.edit"):
        return text
    host = re.escape(urlsplit(url).hostname or "")
    hosts = r"(?:[\w-]+\.)+[\w-]*\w" + (f"|{host}" if host else "")
    return re.sub(hosts, "the server", text, flags=re.IGNORECASE)


def playback_as_dict(row: PlaybackId) -> dict[str, Any]:
    return {
        "id": row.id,
        "media_id": row.media_id,
        "access_policy": row.access_policy,
        "restrictions": row.restrictions,
        "resolution": row.resolution,
        "created_at": row.created_at,
    }


def track_as_dict(row: Track) -> dict[str, Any]:
    names = ("id", "media_id", "type", "status", "failure", "language_code", "language_name", "title", "url", "version")
    told = {name: getattr(row, name) for name in (*names, "details", "is_added")}
    return told | {"failure": for_reader(row.failure, row.url)}


def _filtered(workspace_id: UUID, query: str, status: str) -> Any:
    statement: Any = sa.select(Media.id, Media.created_at, Media.title_folded).where(Media.workspace_id == workspace_id)
    if status:
        statement = statement.where(Media.status == status)
    for word in sorted(words.of(query)):
        has = sa.select(MediaWord.media_id).where(
            MediaWord.workspace_id == workspace_id, words.begins(MediaWord.word, word)
        )
        statement = statement.where(Media.id.in_(has))
    return statement


def _by_time(is_ascending: bool) -> tuple[Any, Any]:
    if is_ascending:
        return Media.created_at.asc(), Media.id.asc()
    return Media.created_at.desc(), Media.id.desc()


def _order(sort: str) -> tuple[tuple[Any, Any], bool]:
    if sort == "title":
        return (Media.title_folded, Media.id), True
    return (Media.created_at, Media.id), sort == "oldest"


def _cursor(row: Any) -> str:
    return f"{row.created_at.timestamp() * 1_000_000:.0f}~{row.id.hex}~{row.title_folded}"


def _parse_cursor(text: str, sort: str) -> tuple[Any, UUID] | None:
    """The place a cursor marks; None for none, or one that somebody made up."""
    at, _, rest = text.partition("~")
    hexed, _, title = rest.partition("~")
    try:
        moment = datetime.fromtimestamp(int(at) / 1_000_000, UTC)
        return (title if sort == "title" else moment), UUID(hexed)
    except (ValueError, OverflowError, OSError):
        return None
