"""What a broadcast is made of: the segments that its encoders sent, in order. No verbs: ingest alone calls it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db
from fastpix.resources.live_streams import lifecycle
from fastpix.resources.live_streams.broadcasts.models import (
    LiveBroadcast,
    LiveSegment,
    NewSegments,
    StoredSegment,
    VideoInfo,
)
from fastpix.resources.live_streams.connections.models import Admission
from fastpix.resources.live_streams.models import PREPARING, LiveStream

_STREAMS = (
    sa.select(LiveStream.id, LiveStream.status, LiveStream.connection_id)
    .where(LiveStream.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(LiveStream.id)
    .with_for_update()
)
_BROADCASTS = (
    sa.select(
        *(LiveBroadcast.id, LiveBroadcast.organization_id, LiveBroadcast.workspace_id, LiveBroadcast.settled_at),
        *(LiveBroadcast.is_recorded, LiveBroadcast.position, LiveBroadcast.part, LiveBroadcast.seconds),
        *(LiveBroadcast.longest, LiveBroadcast.codecs, LiveBroadcast.width, LiveBroadcast.height),
        LiveSegment.connection_id.label("last_connection_id"),
    )
    .outerjoin(
        LiveSegment,
        sa.and_(LiveSegment.broadcast_id == LiveBroadcast.id, LiveSegment.position == LiveBroadcast.position),
    )
    .where(LiveBroadcast.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(LiveBroadcast.id)
    .with_for_update(of=LiveBroadcast)
)
_GROWN = ("position", "part", "seconds", "longest", "codecs", "width", "height")
_INSERT = sa.insert(LiveSegment)
_UPDATE = (
    sa.update(LiveBroadcast)
    .where(LiveBroadcast.id == sa.bindparam("of"))
    .values({name: sa.bindparam(f"new_{name}") for name in _GROWN})
)


def add_segments(admission: Admission, segments: Iterable[StoredSegment], video: VideoInfo) -> bool:
    """Write down segments that lie in the storage, in order. False: the broadcast is settled or gone, they are too late."""
    return add_all([NewSegments(admission, list(segments), video)])[0]


def add_all(given: Sequence[NewSegments]) -> list[bool]:
    """The same of many connections, of all organizations, in one transaction; for each whether it came in time."""
    db.session.flush()
    with tenancy.everywhere("an ingest writes down the segments of all organizations at once"):
        stream_ids = sorted({new.admission.stream_id for new in given})
        streams = {stream.id: stream for stream in tenancy.rows(_STREAMS, {"ids": stream_ids})}
        broadcast_ids = sorted({new.admission.broadcast_id for new in given})
        found = tenancy.rows(_BROADCASTS, {"ids": broadcast_ids}).mappings()
        growing = {broadcast["id"]: dict(broadcast) for broadcast in found if broadcast["settled_at"] is None}
        in_time = [new for new in given if new.admission.broadcast_id in growing]
        rows = [row for new in in_time for row in _grow(growing[new.admission.broadcast_id], new)]
        if rows:
            _write(rows, growing)
    for new in in_time:
        stream = streams.get(new.admission.stream_id)
        if stream is not None and (stream.status, stream.connection_id) == (PREPARING, new.admission.connection_id):
            _activate(new, is_recorded=growing[new.admission.broadcast_id]["is_recorded"])
    return [new.admission.broadcast_id in growing for new in given]


def _grow(broadcast: dict[str, Any], new: NewSegments) -> Iterable[dict[str, Any]]:
    """The rows of these segments; the broadcast grows by them."""
    connection_id = new.admission.connection_id
    if broadcast["last_connection_id"] != connection_id:
        broadcast["part"] += 1
        broadcast["last_connection_id"] = connection_id
    if new.video.codecs:  # of an encoder that came back with other tracks, viewers get those
        broadcast |= {"codecs": new.video.codecs, "width": new.video.width, "height": new.video.height}
    for segment in new.segments:
        broadcast["position"] += 1
        broadcast["seconds"] += segment.seconds
        broadcast["longest"] = max(broadcast["longest"], segment.seconds)
        yield {
            "broadcast_id": broadcast["id"],
            "organization_id": broadcast["organization_id"],
            "workspace_id": broadcast["workspace_id"],
            "position": broadcast["position"],
            "part": broadcast["part"],
            "connection_id": connection_id,
            "name": segment.name,
            "seconds": segment.seconds,
            "size": segment.size,
            "frames": segment.frames,
            "at": segment.at,
        }


def _write(rows: list[dict[str, Any]], growing: dict[UUID, dict[str, Any]]) -> None:
    """Prepared statements past the ORM, which costs more than the database: every segment of every stream comes here."""
    connection = db.session.connection()
    connection.execute(_INSERT, rows)
    grown = [{"of": id_} | {f"new_{name}": broadcast[name] for name in _GROWN} for id_, broadcast in growing.items()]
    connection.execute(_UPDATE, grown)


def _activate(new: NewSegments, *, is_recorded: bool) -> None:
    with lifecycle.ingest_scope(new.admission.organization_id):
        stream = lifecycle.locked(new.admission.stream_id)
        if stream is not None and stream.status == PREPARING:
            size = f"{new.video.width} × {new.video.height}" if new.video.width else ""
            lifecycle.activate(stream, is_recorded=is_recorded, size=size)
