"""Lists of media that stay fast at any size: columns by index, a kept total, keyset pages, words by their beginning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.access.action import action
from fastpix.db import db
from fastpix.resources.media import redaction
from fastpix.resources.media.models import FAILED, FoundMedia, Media, MediaCount, MediaRow, MediaWord, folder
from fastpix.resources.media.tracks import queries as tracks
from fastpix.resources.media.transcripts import queries as transcripts
from fastpix.resources.media.transcripts.models import Said
from fastpix.resources.playback_ids import queries as playback_ids
from fastpix.resources.playback_ids.models import PlaybackId
from fastpix.text import spoken_words, word_index
from fastpix.web import lists

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
    page = ids.limit(sa.bindparam("size")).offset(sa.bindparam("skip")).subquery()
    return sa.select(*_LISTED.values()).join(page, page.c.id == Media.id).order_by(*order)


_OLDEST = _numbered(Media.created_at.asc(), Media.id.asc())
_NEWEST = _numbered(Media.created_at.desc(), Media.id.desc())
_TOTAL = sa.select(MediaCount.total).where(MediaCount.workspace_id == sa.bindparam("workspace"))
_TOTALS = sa.select(sa.func.coalesce(sa.func.sum(MediaCount.total), 0)).where(
    MediaCount.workspace_id.in_(sa.bindparam("workspaces", expanding=True))
)
_FOUND = sa.select(Media.id, Media.title, Media.source_name, Media.status, Media.workspace_id).where(
    Media.id.in_(sa.bindparam("media_ids", expanding=True))
)
SORTS = ("newest", "oldest", "title")


@dataclass(frozen=True)
class Page:
    """Some media and the cursors of the pages beside it (None where there is none). `total` is None where counting
    would scan; `said` are sentences that were found, by media."""

    rows: list[MediaRow]
    back: str | None
    on: str | None
    total: int | None
    said: dict[UUID, Said]


@action("media.view")
def listed(
    workspace_id: UUID,
    offset: int,
    limit: int,
    is_ascending: bool = False,
    *,
    query: str = "",
    status: str = "",
    by_title: bool = False,
) -> tuple[list[MediaRow], int]:
    """Media by page number (1-based), with the total: the API's list. Far pages of all are counted off from the nearer end;
    `query`, `status` and the order by title are those of `library`."""
    if query or status or by_title:
        return _found(_filtered(workspace_id, query, status), offset, limit, is_ascending, by_title)
    all_of_them = total(workspace_id)
    page = lists.stretch(offset, limit, all_of_them)
    if not page.size:
        return [], all_of_them
    stretch = {"workspace": workspace_id, "size": page.size, "skip": page.skip}
    page_rows = tenancy.rows(_OLDEST if is_ascending != page.is_turned else _NEWEST, stretch).all()
    here = {"organization_id": tenancy.organization_id(), "workspace_id": workspace_id}
    rows = _with_parts(_as_dict(here | dict(zip(_LISTED, row, strict=True))) for row in page_rows)
    return list(reversed(rows.values()) if page.is_turned else rows.values()), all_of_them


def _found(statement: Any, offset: int, limit: int, is_ascending: bool, by_title: bool) -> tuple[list[MediaRow], int]:
    """A page by number of what a filter leaves, and how many that are."""
    total = db.session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0
    columns, _ = _order("title" if by_title else "newest")
    ordered = [column.asc() if is_ascending else column.desc() for column in columns]
    places = db.session.execute(statement.order_by(*ordered).offset((offset - 1) * limit).limit(limit)).all()
    rows = whole([place.id for place in places])
    return [rows[place.id] for place in places if place.id in rows], total


@action("media.view")
def library(
    workspace_id: UUID, *, query: str = "", status: str = "", sort: str = "newest", after: str = "", before: str = ""
) -> Page:
    """A page of the dashboard's library. `after` and `before` are cursors of an earlier page; `query` words are the
    beginnings of words of the title or file name, or of what is said, all of which must be there."""
    statement = _filtered(workspace_id, query, status)
    columns, is_ascending = _order(sort)
    is_backwards = bool(before)
    mark = _parse_cursor(before or after, sort)
    if mark is not None:
        cursor = sa.tuple_(*(sa.literal(value, c.type) for value, c in zip(mark, columns, strict=True)))
        statement = statement.where(
            sa.tuple_(*columns) > cursor if is_ascending != is_backwards else sa.tuple_(*columns) < cursor
        )
    ordered = [c.asc() if is_ascending != is_backwards else c.desc() for c in columns]
    places = db.session.execute(statement.order_by(*ordered).limit(PAGE + 1)).all()
    has_more, places = len(places) > PAGE, list(places[:PAGE])
    if is_backwards:
        places.reverse()
    rows = whole([place.id for place in places])
    back = _cursor(places[0]) if places and (has_more if is_backwards else mark is not None) else None
    on = _cursor(places[-1]) if places and (is_backwards or has_more) else None
    counted = None if query or status else total(workspace_id)
    here = [rows[place.id] for place in places if place.id in rows]
    return Page(here, back, on, counted, _said(query, here))


@action("media.view")
def find(text: str, workspace_ids: Iterable[UUID], most: int) -> list[FoundMedia]:
    """At most `most` media with such words, or of such an id or playback id; then those in which they are said."""
    here = list(workspace_ids)
    ids = _by_id(text, most) + word_index.find(MediaWord, MediaWord.media_id, text, here, most)
    if len(ids) < most:
        ids += transcripts.find(text, here, most)
    rows: dict[UUID, FoundMedia] = {}
    matches = tenancy.rows(_FOUND, {"media_ids": ids}) if ids else ()
    for media_id, title, source_name, status, workspace_id in matches:
        rows[media_id] = {
            "id": media_id,
            "title": title,
            "source_name": source_name,
            "status": status,
            "workspace_id": workspace_id,
            "said": None,
        }
    chosen = [rows[media_id] for media_id in dict.fromkeys(ids) if media_id in rows][:most]
    said = _said(text, chosen)
    return [{**row, "said": said.get(row["id"])} for row in chosen]


@action("media.view")
def failed(workspace_ids: Iterable[UUID], since: datetime, most: int) -> list[MediaRow]:
    """At most `most` media that came in since then and could not be made ready, the latest first."""
    places = sa.select(Media.id).where(
        Media.workspace_id.in_(list(workspace_ids)), Media.status == FAILED, Media.created_at > since
    )
    return list(whole(db.session.scalars(places.order_by(Media.created_at.desc()).limit(most)).all()).values())


def rename(media: Media) -> None:
    """Keep the words that find a media, after its title or file name changed. Not a verb."""
    media.title_folded = media.title.casefold()
    db.session.execute(sa.delete(MediaWord).where(MediaWord.media_id == media.id))
    words = word_index.of(media.title, media.source_name)
    db.session.add_all(MediaWord(media_id=media.id, workspace_id=media.workspace_id, word=word) for word in words)
    db.session.flush()


def _by_id(text: str, most: int) -> list[UUID]:
    span = word_index.id_range(text)
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


def whole(ids: Iterable[UUID]) -> dict[UUID, MediaRow]:
    """Media with their playback ids and tracks, by id; three statements for any number."""
    media_ids = list(ids)
    if not media_ids:
        return {}
    rows = tenancy.rows(_ROWS, {"media_ids": media_ids})
    return _with_parts(_as_dict(dict(zip(_COLUMNS, row, strict=True))) for row in rows)


def _with_parts(media: Iterable[MediaRow]) -> dict[UUID, MediaRow]:
    """The same by id, with their playback ids and tracks."""
    rows = {each["id"]: each for each in media}
    for media_id, playback_id in playback_ids.of_media(rows):
        rows[media_id]["playback_ids"].append(playback_id)
    for track in tracks.of_media(rows):
        rows[track["media_id"]]["tracks"].append(track)
    return rows


def _as_dict(columns: dict[str, Any]) -> MediaRow:
    """A media's columns, with its folder and empty lists for what belongs to it."""
    columns["failure"] = redaction.for_reader(columns["failure"], columns["source_url"])
    columns["folder"] = folder(columns["organization_id"], columns["workspace_id"], columns["id"])
    columns["playback_ids"], columns["tracks"] = [], []
    # Their names are those of `MediaRow`: tests/resources/media/test_media_rows.py.
    return cast("MediaRow", columns)


def _filtered(workspace_id: UUID, query: str, status: str) -> Any:
    statement: Any = sa.select(Media.id, Media.created_at, Media.title_folded).where(Media.workspace_id == workspace_id)
    if query.strip() and not word_index.of(query):
        return statement.where(sa.false())
    if status:
        statement = statement.where(Media.status == status)
    for word in sorted(word_index.of(query)):
        has = sa.select(MediaWord.media_id).where(
            MediaWord.workspace_id == workspace_id, word_index.begins(MediaWord.word, word)
        )
        said = transcripts.saying(workspace_id, word)
        statement = statement.where(Media.id.in_(has if said is None else has.union_all(said)))
    return statement


def _said(query: str, media: Iterable[MediaRow | FoundMedia]) -> dict[UUID, Said]:
    """The sentences for which these were found, where not all of the question is in their titles and files' names."""
    wanted, asked = {}, word_index.of(query)
    for each in media if asked else ():
        named = word_index.of(each["title"], each["source_name"])
        lacking = [word for word in asked if not any(name.startswith(word) for name in named)]
        wanted[each["id"]] = spoken_words.asked(" ".join(lacking))
    return transcripts.sentences(wanted)


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
