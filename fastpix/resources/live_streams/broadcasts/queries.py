"""The segments of a broadcast: which ones viewers see, which ones are needed no more, how they become one recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment
from fastpix.resources.live_streams.connections.models import LiveConnection

INIT = "init.mp4"
# What a player sees of a broadcast without DVR. Three target durations are the least there may be (RFC 8216, 6.2.2).
WINDOW = 12
# How far back viewers may go with DVR, in seconds: the playlist is fetched anew every two seconds by each of them.
DVR_SECONDS = 2 * 3600.0
# Segments that just left the window may still be asked for by slow players.
SPARE = 12


@dataclass(frozen=True)
class Part:
    """What one connection sent, as storage keys in order."""

    init_key: str
    segment_keys: tuple[str, ...]
    seconds: float


def key(broadcast: LiveBroadcast, segment: LiveSegment) -> str:
    """The storage key of a segment."""
    return f"{broadcast.folder}/{segment.connection_id}/{segment.name}"


def window(broadcast: LiveBroadcast) -> list[LiveSegment]:
    """The segments that a player may see now, oldest first: the last few, with DVR the last two hours."""
    statement = sa.select(LiveSegment).where(
        LiveSegment.broadcast_id == broadcast.id, LiveSegment.position > _before_window(broadcast)
    )
    return list(db.session.scalars(statement.order_by(LiveSegment.position)))


def shown(broadcast: LiveBroadcast) -> list[LiveSegment]:
    """The window, without the last segment of an encoder that left: it is shown with what comes when the encoder is back, or
    with the end. A player may take no notice of an end that comes alone (findings/video_js_misses_a_late_end.sh)."""
    rows = window(broadcast)
    if broadcast.settled_at is None and len(rows) > 1 and _has_left(rows[-1].connection_id):
        rows.pop()
    return rows


def _has_left(connection_id: UUID) -> bool:
    ended_at = sa.select(LiveConnection.ended_at).where(LiveConnection.id == connection_id)
    return db.session.scalar(ended_at) is not None


def behind_the_window(broadcast: LiveBroadcast) -> Sequence[LiveSegment]:
    """Segments that left the window a while ago, oldest first; at most some hundreds at once."""
    statement = sa.select(LiveSegment).where(
        LiveSegment.broadcast_id == broadcast.id, LiveSegment.position <= _before_window(broadcast) - SPARE
    )
    return db.session.scalars(statement.order_by(LiveSegment.position).limit(500)).all()


def first_visible(broadcast: LiveBroadcast) -> dict[UUID, str]:
    """The name of the first segment of each connection that viewers may still ask for."""
    lowest = sa.select(LiveSegment.connection_id, sa.func.min(LiveSegment.name)).where(
        LiveSegment.broadcast_id == broadcast.id, LiveSegment.position > _before_window(broadcast) - SPARE
    )
    return {row[0]: row[1] for row in db.session.execute(lowest.group_by(LiveSegment.connection_id))}


def _before_window(broadcast: LiveBroadcast) -> int:
    """The position of the last segment that players do not see any more; below 1 while they see all."""
    most = WINDOW
    if broadcast.is_dvr:
        typical = max(0.5, broadcast.seconds / max(1, broadcast.position))
        most = max(WINDOW, int(DVR_SECONDS / typical))
    return broadcast.position - most


def parts(media_id: UUID) -> list[Part]:
    """What the recording of a broadcast is put together from, by the id of its media; empty where it is gone."""
    broadcast = db.session.scalar(sa.select(LiveBroadcast).where(LiveBroadcast.media_id == media_id))
    if broadcast is None:
        return []
    rows = db.session.scalars(
        sa.select(LiveSegment).where(LiveSegment.broadcast_id == broadcast.id).order_by(LiveSegment.position)
    )
    by_part: dict[int, list[LiveSegment]] = {}
    for row in rows:
        by_part.setdefault(row.part, []).append(row)
    return [
        Part(
            f"{broadcast.folder}/{part[0].connection_id}/{INIT}",
            tuple(key(broadcast, row) for row in part),
            sum(row.seconds for row in part),
        )
        for part in by_part.values()
    ]
