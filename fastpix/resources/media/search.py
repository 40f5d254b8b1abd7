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

from fastpix import paging, words
from fastpix.access import principal, tenancy
from fastpix.access.action import action
from fastpix.db import db
from fastpix.resources.media.models import Media, MediaCount, MediaWord, PlaybackId, Track, folder

PAGE = 24

# Every column but the secret ones, by the name its reader knows; read as columns, never as entities.
_COLUMNS: dict[str, Any] = {
    attribute.key.rstrip("_"): getattr(Media, attribute.key)
    for attribute in sa.inspect(Media).column_attrs
    if attribute.key != "generation"
}
# A list of the API does not show the first three, and all its rows have the same of the others: they cost most to read.
_UNREAD = ("renditions", "sprite", "job_id", "organization_id", "workspace_id")
_LISTED = {name: column for name, column in _COLUMNS.items() if name not in _UNREAD}
_ROWS = sa.select(*_COLUMNS.values()).where(Media.id.in_(sa.bindparam("media_ids", expanding=True)))


def _numbered(*order: Any) -> Any:
    """A page by number: the rows to skip are counted off in the index alone."""
    ids = sa.select(Media.id).where(Media.workspace_id == sa.bindparam("workspace")).order_by(*order)
    wanted = ids.limit(sa.bindparam("size")).offset(sa.bindparam("skip")).subquery()
    return sa.select(*_LISTED.values()).join(wanted, wanted.c.id == Media.id).order_by(*order)


_OLDEST = _numbered(Media.created_at.asc(), Media.id.asc())
_NEWEST = _numbered(Media.created_at.desc(), Media.id.desc())
_TOTAL = sa.select(MediaCount.total).where(MediaCount.workspace_id == sa.bindparam("workspace"))
_TOTALS = sa.select(sa.func.coalesce(sa.func.sum(MediaCount.total), 0)).where(
    MediaCount.workspace_id.in_(sa.bindparam("workspaces", expanding=True))
)
_PLAYBACK_NAMES = ("id", "media_id", "access_policy", "restrictions", "resolution", "created_at")
_PLAYBACK_IDS = (
    sa.select(*(getattr(PlaybackId, name) for name in _PLAYBACK_NAMES))
    .where(PlaybackId.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(PlaybackId.created_at, PlaybackId.id)
)
_TRACK_NAMES = (
    "id", "media_id", "type", "status", "failure", "language_code", "language_name", "title", "url", "version",
    "details", "is_added",
)  # fmt: skip
_TRACKS = (
    sa.select(*(getattr(Track, name) for name in _TRACK_NAMES))
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
    page = paging.stretch(offset, limit, amount)
    if not page.size:
        return [], amount
    wanted = {"workspace": workspace_id, "size": page.size, "skip": page.skip}
    found = db.session.execute(_OLDEST if is_ascending != page.is_turned else _NEWEST, wanted).all()
    here = {"organization_id": tenancy.organization_id(), "workspace_id": workspace_id}
    rows = _with_parts(_as_dict(here | dict(zip(_LISTED, row, strict=True))) for row in found)
    return list(reversed(rows.values()) if page.is_turned else rows.values()), amount


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


@action("media.view")
def count(workspace_ids: Iterable[UUID]) -> int:
    """How many media these workspaces hold together."""
    return db.session.scalar(_TOTALS, {"workspaces": list(workspace_ids)}) or 0


def total(workspace_id: UUID) -> int:
    """How many media a workspace holds."""
    return db.session.scalar(_TOTAL, {"workspace": workspace_id}) or 0


def whole(ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Media with their playback ids and tracks, by id; three statements for any number."""
    wanted = list(ids)
    if not wanted:
        return {}
    found = db.session.execute(_ROWS, {"media_ids": wanted})
    return _with_parts(_as_dict(dict(zip(_COLUMNS, row, strict=True))) for row in found)


def _with_parts(media: Iterable[dict[str, Any]]) -> dict[UUID, dict[str, Any]]:
    """The same by id, with their playback ids and tracks."""
    rows = {each["id"]: each for each in media}
    ids = {"media_ids": list(rows)}
    for playback_id in db.session.execute(_PLAYBACK_IDS, ids):
        rows[playback_id.media_id]["playback_ids"].append(dict(zip(_PLAYBACK_NAMES, playback_id, strict=True)))
    for track in db.session.execute(_TRACKS, ids):
        rows[track.media_id]["tracks"].append(_track(dict(zip(_TRACK_NAMES, track, strict=True))))
    return rows


def _as_dict(told: dict[str, Any]) -> dict[str, Any]:
    """A media's columns, with its folder and empty lists for what belongs to it."""
    told["failure"] = for_reader(told["failure"], told["source_url"])
    told["folder"] = folder(told["organization_id"], told["workspace_id"], told["id"])
    return told | {"playback_ids": [], "tracks": []}


def for_reader(text: str, url: str) -> str:
    """The text; without any host for those who may not know where a file came from: redirects name others, too."""
    if not url or principal.may("media.edit"):
        return text
    host = re.escape(urlsplit(url).hostname or "")
    hosts = r"(?:[\w-]+\.)+[\w-]*\w" + (f"|{host}" if host else "")
    return re.sub(hosts, "the server", text, flags=re.IGNORECASE)


def playback_as_dict(row: PlaybackId) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _PLAYBACK_NAMES}


def track_as_dict(row: Track) -> dict[str, Any]:
    return _track({name: getattr(row, name) for name in _TRACK_NAMES})


def _track(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"failure": for_reader(told["failure"], told["url"])}


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
