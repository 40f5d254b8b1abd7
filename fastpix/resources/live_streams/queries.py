"""Lists of live streams, and a stream as plain data: what may be seen of it depends on who looks."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import action
from fastpix.db import db
from fastpix.resources.live_streams import stream_keys
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.live_streams.models import ACTIVE, STATUSES, LiveStream, LiveStreamWord, StreamMatch, StreamRow
from fastpix.resources.live_streams.simulcasts import queries as simulcasts
from fastpix.resources.media.models import Media
from fastpix.resources.playback_ids import queries as playback_ids
from fastpix.text import word_index

_STREAM_IDS: sa.BindParameter[list[str]] = sa.bindparam("stream_ids", expanding=True)
# Those alone that are still there: a broadcast outlives the media that was made of it.
_RECORDINGS = (
    sa.select(LiveBroadcast.stream_id, Media.id)
    .join(Media, Media.id == LiveBroadcast.media_id)
    .where(LiveBroadcast.stream_id.in_(_STREAM_IDS))
    .order_by(LiveBroadcast.started_at)
)
_SENDING = sa.select(LiveConnection).where(
    LiveConnection.id.in_(sa.bindparam("connection_ids", expanding=True)), LiveConnection.ended_at.is_(None)
)
_ON_AIR = sa.select(LiveBroadcast).where(LiveBroadcast.id.in_(sa.bindparam("broadcast_ids", expanding=True)))
_BY_IDS = sa.select(LiveStream).where(LiveStream.id.in_(_STREAM_IDS))


@action("live_streams.view")
def listed(
    workspace_id: UUID, offset: int, limit: int, is_ascending: bool = False, *, query: str = "", status: str = ""
) -> tuple[list[StreamRow], int]:
    """Streams by page number (1-based), with the total. `query` words are the beginnings of words of the name, all of which
    must be there; an unknown `status` restricts nothing."""
    of = _filtered(workspace_id, query, status)
    order = (LiveStream.created_at, LiveStream.id)
    ordered = order if is_ascending else tuple(column.desc() for column in order)
    page = sa.select(LiveStream).where(*of).order_by(*ordered).offset((offset - 1) * limit).limit(limit)
    total = db.session.scalar(sa.select(sa.func.count(LiveStream.id)).where(*of)) or 0
    return whole(db.session.scalars(page)), total


def _filtered(workspace_id: UUID, query: str, status: str) -> list[sa.ColumnElement[bool]]:
    conditions = [LiveStream.workspace_id == workspace_id]
    if status in STATUSES:
        conditions.append(LiveStream.status == status)
    wanted = sorted(word_index.of(query), key=len, reverse=True)[: word_index.MOST_ASKED]
    if query.strip() and not wanted:
        conditions.append(sa.false())
    for word in wanted:
        here = sa.select(LiveStreamWord.stream_id).where(LiveStreamWord.workspace_id == workspace_id)
        conditions.append(LiveStream.id.in_(here.where(word_index.begins(LiveStreamWord.word, word))))
    return conditions


@action("live_streams.view")
def find(text: str, workspace_ids: Iterable[UUID], most: int) -> list[StreamMatch]:
    """At most `most` streams with such words in their names, or of such an id."""
    ids = word_index.find(LiveStreamWord, LiveStreamWord.stream_id, text, workspace_ids, most)
    if (span := word_index.id_range(text)) is not None:
        low, high = (end.hex for end in span)
        ids = [*db.session.scalars(sa.select(LiveStream.id).where(LiveStream.id.between(low, high)).limit(most)), *ids]
    rows = {row.id: row for row in db.session.scalars(_BY_IDS, {"stream_ids": ids})} if ids else {}
    streams = [rows[stream_id] for stream_id in dict.fromkeys(ids) if stream_id in rows][:most]
    return [
        {"id": stream.id, "name": stream.name, "status": stream.status, "workspace_id": stream.workspace_id}
        for stream in streams
    ]


@action("live_streams.view")
def on_air(workspace_ids: Iterable[UUID], most: int) -> list[StreamRow]:
    """At most `most` streams that are sent at this moment, the latest first."""
    here = sa.select(LiveStream).where(
        LiveStream.broadcast_id.is_not(None),
        LiveStream.status == ACTIVE,
        LiveStream.workspace_id.in_(list(workspace_ids)),
    )
    return whole(db.session.scalars(here.order_by(LiveStream.updated_at.desc()).limit(most)))


def index_name(stream: LiveStream) -> None:
    """Write the words that find a stream, after its name changed. Not a verb: those that name streams call it."""
    db.session.execute(sa.delete(LiveStreamWord).where(LiveStreamWord.stream_id == stream.id))
    words = word_index.of(stream.name)
    db.session.add_all(
        LiveStreamWord(stream_id=stream.id, workspace_id=stream.workspace_id, word=word) for word in words
    )


@action("live_streams.view")
def count(workspace_ids: Iterable[UUID]) -> int:
    """How many streams these workspaces hold together."""
    counted = sa.select(sa.func.count(LiveStream.id)).where(LiveStream.workspace_id.in_(list(workspace_ids)))
    return db.session.scalar(counted) or 0


def total(workspace_id: UUID) -> int:
    """How many streams a workspace holds."""
    count = sa.select(sa.func.count(LiveStream.id)).where(LiveStream.workspace_id == workspace_id)
    return db.session.scalar(count) or 0


def whole(streams: Iterable[LiveStream]) -> list[StreamRow]:
    """Streams with all that belongs to them, in five statements for any number; secrets only for those who may publish."""
    rows = {stream.id: _row(stream) for stream in streams}
    if not rows:
        return []
    for stream_id, playback_id in playback_ids.of_streams(rows):
        rows[stream_id]["playback_ids"].append(playback_id)
    for simulcast in simulcasts.of_streams(rows):
        rows[simulcast["stream_id"]]["simulcasts"].append(simulcast)
    for stream_id, media_id in db.session.execute(_RECORDINGS, {"stream_ids": list(rows)}):
        rows[stream_id]["media_ids"].append(media_id)
    _add_signal(rows)
    return list(rows.values())


def _add_signal(rows: dict[str, StreamRow]) -> None:
    """What comes in just now: since when, how much of it, and its picture."""
    by_broadcast = {row["broadcast_id"]: row for row in rows.values() if row["broadcast_id"]}
    by_connection = {row["connection_id"]: row for row in rows.values() if row["connection_id"]}
    if by_broadcast:
        for broadcast in db.session.scalars(_ON_AIR, {"broadcast_ids": list(by_broadcast)}):
            by_broadcast[broadcast.id]["signal"] = {
                "started_at": broadcast.started_at,
                "seconds": broadcast.seconds,
                "width": broadcast.width,
                "height": broadcast.height,
                "codecs": broadcast.codecs,
                "longest": broadcast.longest,
            }
    if by_connection:
        for connection in db.session.scalars(_SENDING, {"connection_ids": list(by_connection)}):
            by_connection[connection.id]["signal"]["bit_rate"] = connection.bit_rate


def _row(stream: LiveStream) -> StreamRow:
    """A stream without what its keys are made of, and with empty lists for what belongs to it."""
    row: StreamRow = {
        "id": stream.id,
        "workspace_id": stream.workspace_id,
        "organization_id": stream.organization_id,
        "name": stream.name,
        "status": stream.status,
        "metadata": stream.metadata_,
        "max_resolution": stream.max_resolution,
        "reconnect_window": stream.reconnect_window,
        "media_policy": stream.media_policy,
        "enable_recording": stream.enable_recording,
        "enable_dvr": stream.enable_dvr,
        "broadcast_id": stream.broadcast_id,
        "connection_id": stream.connection_id,
        "disconnected_at": stream.disconnected_at,
        "created_by": stream.created_by,
        "created_at": stream.created_at,
        "updated_at": stream.updated_at,
        "playback_ids": [],
        "simulcasts": [],
        "media_ids": [],
        "signal": {},
    }
    if principal.may(stream_keys.MAY_PUBLISH):
        row["stream_key"] = stream_keys.stream_key(stream)
        row["srt_secret"] = stream_keys.srt_secret(stream)
        row["srt_playback_secret"] = stream_keys.srt_playback_secret(stream)
    return row
