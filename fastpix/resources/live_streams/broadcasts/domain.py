"""What a broadcast is made of: the segments that its encoders sent, in order. No verbs: ingest alone calls it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.live_streams import lifecycle
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment, StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections.models import Admission
from fastpix.resources.live_streams.models import PREPARING


def add_segments(admission: Admission, segments: Iterable[StoredSegment], video: VideoInfo) -> bool:
    """Write down segments that lie in the storage, in order. False: the broadcast is settled or gone, they are too late."""
    with lifecycle.ingest_scope(admission.organization_id):
        stream = lifecycle.locked(admission.stream_id)
        broadcast = lifecycle.load_broadcast(admission.broadcast_id)
        if broadcast is None or broadcast.settled_at is not None:
            return False
        if not _sent_the_last(broadcast, admission.connection_id):
            broadcast.part += 1
        for segment in segments:
            _add(broadcast, admission.connection_id, segment)
        if video.codecs:  # of an encoder that came back with other tracks, viewers get those
            broadcast.codecs, broadcast.width, broadcast.height = video.codecs, video.width, video.height
        if stream is not None and stream.status == PREPARING and stream.connection_id == admission.connection_id:
            size = f"{video.width} × {video.height}" if video.width else ""
            lifecycle.activate(stream, is_recorded=broadcast.is_recorded, size=size)
        return True


def _sent_the_last(broadcast: LiveBroadcast, connection_id: UUID) -> bool:
    last = sa.select(LiveSegment.connection_id).where(
        LiveSegment.broadcast_id == broadcast.id, LiveSegment.position == broadcast.position
    )
    return db.session.scalar(last) == connection_id


def _add(broadcast: LiveBroadcast, connection_id: UUID, segment: StoredSegment) -> None:
    broadcast.position += 1
    broadcast.seconds += segment.seconds
    broadcast.longest = max(broadcast.longest, segment.seconds)
    db.session.add(
        LiveSegment(
            broadcast_id=broadcast.id,
            workspace_id=broadcast.workspace_id,
            position=broadcast.position,
            part=broadcast.part,
            connection_id=connection_id,
            name=segment.name,
            seconds=segment.seconds,
            size=segment.size,
            frames=segment.frames,
            at=segment.at,
        )
    )
