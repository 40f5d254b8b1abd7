"""Lists of live streams, and a stream as plain data: what may be seen of it depends on who looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import words
from fastpix.access import principal
from fastpix.access.action import action
from fastpix.db import db
from fastpix.resources.live_streams import keys
from fastpix.resources.live_streams.models import (
    LiveBroadcast,
    LiveConnection,
    LivePlaybackId,
    LiveStream,
    LiveStreamWord,
    Simulcast,
)
from fastpix.resources.media.models import Media

# Who may change streams may also publish; nobody else sees what lets one publish (access.md, `live_streams.view`).
WRITES = "live_streams.edit"
_STREAM_IDS: sa.BindParameter[list[str]] = sa.bindparam("stream_ids", expanding=True)
_PLAYBACK_IDS = sa.select(LivePlaybackId).where(LivePlaybackId.stream_id.in_(_STREAM_IDS))
_SIMULCASTS = sa.select(Simulcast).where(Simulcast.stream_id.in_(_STREAM_IDS))
# Those alone that are still there: a broadcast outlives the media that was made of it.
_RECORDINGS = (
    sa.select(LiveBroadcast.stream_id, LiveBroadcast.media_id)
    .join(Media, Media.id == LiveBroadcast.media_id)
    .where(LiveBroadcast.stream_id.in_(_STREAM_IDS))
)
_SENDING = sa.select(LiveConnection).where(
    LiveConnection.id.in_(sa.bindparam("connection_ids", expanding=True)), LiveConnection.ended_at.is_(None)
)
_ON_AIR = sa.select(LiveBroadcast).where(LiveBroadcast.id.in_(sa.bindparam("broadcast_ids", expanding=True)))


_FOUND = sa.select(LiveStream).where(LiveStream.id.in_(_STREAM_IDS))


@action("live_streams.view")
def listed(workspace_id: UUID, offset: int, limit: int, is_ascending: bool = False) -> tuple[list[dict[str, Any]], int]:
    """Streams by page number (1-based), with the total."""
    of = LiveStream.workspace_id == workspace_id
    order = (LiveStream.created_at, LiveStream.id)
    ordered = order if is_ascending else tuple(column.desc() for column in order)
    page = sa.select(LiveStream).where(of).order_by(*ordered).offset((offset - 1) * limit).limit(limit)
    total = db.session.scalar(sa.select(sa.func.count(LiveStream.id)).where(of)) or 0
    return whole(db.session.scalars(page)), total


@action("live_streams.view")
def find(text: str, workspace_ids: Iterable[UUID], most: int) -> list[dict[str, Any]]:
    """At most `most` streams with such words in their names, or of such an id: {id, name, status, workspace_id}."""
    ids = words.find(LiveStreamWord, LiveStreamWord.stream_id, text, workspace_ids, most)
    if (span := words.id_range(text)) is not None:
        low, high = (end.hex for end in span)
        ids = [*db.session.scalars(sa.select(LiveStream.id).where(LiveStream.id.between(low, high)).limit(most)), *ids]
    rows = {row.id: row for row in db.session.scalars(_FOUND, {"stream_ids": ids})} if ids else {}
    found = [rows[stream_id] for stream_id in dict.fromkeys(ids) if stream_id in rows][:most]
    return [{name: getattr(stream, name) for name in ("id", "name", "status", "workspace_id")} for stream in found]


def rename(stream: LiveStream) -> None:
    """Keep the words that find a stream, after its name changed. Not a verb: those that name streams call it."""
    db.session.execute(sa.delete(LiveStreamWord).where(LiveStreamWord.stream_id == stream.id))
    kept = words.of(stream.name)
    db.session.add_all(
        LiveStreamWord(stream_id=stream.id, workspace_id=stream.workspace_id, word=word) for word in kept
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


def whole(streams: Iterable[LiveStream]) -> list[dict[str, Any]]:
    """Streams with all that belongs to them, in five statements for any number; secrets only for those who may publish."""
    rows = {stream.id: as_dict(stream) for stream in streams}
    if not rows:
        return []
    ids = {"stream_ids": list(rows)}
    for playback_id in db.session.scalars(_PLAYBACK_IDS.order_by(LivePlaybackId.created_at, LivePlaybackId.id), ids):
        rows[playback_id.stream_id]["playback_ids"].append(playback_as_dict(playback_id))
    for simulcast in db.session.scalars(_SIMULCASTS.order_by(Simulcast.created_at, Simulcast.id), ids):
        rows[simulcast.stream_id]["simulcasts"].append(simulcast_as_dict(simulcast))
    for stream_id, media_id in db.session.execute(_RECORDINGS.order_by(LiveBroadcast.started_at), ids):
        rows[stream_id]["media_ids"].append(media_id)
    _add_signal(rows)
    return list(rows.values())


def _add_signal(rows: dict[str, dict[str, Any]]) -> None:
    """What comes in just now: since when, how much of it, and its picture."""
    out = {row["broadcast_id"]: row for row in rows.values() if row["broadcast_id"]}
    sending = {row["connection_id"]: row for row in rows.values() if row["connection_id"]}
    if out:
        for broadcast in db.session.scalars(_ON_AIR, {"broadcast_ids": list(out)}):
            for name in ("started_at", "seconds", "width", "height", "codecs", "longest"):
                out[broadcast.id]["signal"][name] = getattr(broadcast, name)
    if sending:
        for connection in db.session.scalars(_SENDING, {"connection_ids": list(sending)}):
            sending[connection.id]["signal"]["bit_rate"] = connection.bit_rate


def as_dict(stream: LiveStream) -> dict[str, Any]:
    """Every column of a stream but what its keys are made of, with empty lists for what belongs to it."""
    told = {column.key: getattr(stream, column.key) for column in sa.inspect(LiveStream).column_attrs}
    for name in ("key_generation", "generation"):
        del told[name]
    told["metadata"] = told.pop("metadata_")
    told["name"] = stream.name
    if principal.may(WRITES):
        told |= {
            "stream_key": keys.stream_key(stream),
            "srt_secret": keys.srt_secret(stream),
            "srt_playback_secret": keys.srt_playback_secret(stream),
        }
    return told | {"playback_ids": [], "simulcasts": [], "media_ids": [], "signal": {}}


def playback_as_dict(row: LivePlaybackId) -> dict[str, Any]:
    names = ("id", "stream_id", "access_policy", "restrictions", "created_at")
    return {name: getattr(row, name) for name in names}


def simulcast_as_dict(row: Simulcast) -> dict[str, Any]:
    """A target. Its address may hold a secret of its own, so it is told to those who may publish alone."""
    names = ("id", "stream_id", "is_enabled", "state", "state_at", "created_at")
    told = {name: getattr(row, name) for name in names} | {"metadata": row.metadata_}
    if not principal.may(WRITES):
        return told | {"url": "", "stream_key": "", "state_text": ""}
    return told | {"url": row.url, "stream_key": keys.of_simulcast(row), "state_text": row.state_text}
