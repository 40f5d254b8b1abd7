"""What the worker looks after: broadcasts that are over, encoders without an ingest, segments that nobody needs now."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now, reading, transaction
from fastpix.jobs import queue
from fastpix.resources.live_streams import lifecycle
from fastpix.resources.live_streams.broadcasts import queries as broadcast_queries
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections import queries as connection_queries
from fastpix.resources.live_streams.connections.models import Admission
from fastpix.resources.live_streams.models import ACTIVE, LiveLogLine, LiveStream
from fastpix.resources.live_streams.viewers.models import LiveViewer
from fastpix.resources.media.models import Media
from fastpix.storage import instance as storage

log = logging.getLogger(__name__)
# Those who watch to the end find it, and ask for a playlist that says so.
SEGMENTS_STAY = timedelta(minutes=10)
LOG_LINES = 200
VIEWERS_KEPT = timedelta(minutes=2)
INGEST_DIED = "The ingest that served the encoder ended."
NOT_BACK = "The encoder did not return in time. The broadcast ended."


def sweep() -> None:
    """Take broadcasts a step on: encoders whose ingest died, windows that are over, recordings to be made."""
    for admission in _abandoned():
        with _one_at_a_time("abandoned", admission.stream_id), transaction():
            if admission in connection_queries.abandoned():  # its ingest may have come to itself since
                connections.close(admission, INGEST_DIED)
    for stream_id, organization_id in _overdue():
        with _one_at_a_time("overdue", stream_id), transaction(), lifecycle.ingest_scope(organization_id):
            stream = lifecycle.locked(stream_id)
            if stream is not None and lifecycle.is_overdue(stream, now()):
                lifecycle.end(stream, NOT_BACK)
    for broadcast_id, stream_id, organization_id in _unsettled():
        with _one_at_a_time("unsettled", stream_id), transaction(), lifecycle.ingest_scope(organization_id):
            lifecycle.locked(stream_id)
            broadcast = lifecycle.load_broadcast(broadcast_id)
            if broadcast is not None:
                lifecycle.settle(broadcast)


def tidy() -> None:
    """Remove segments: of broadcasts that are not recorded those behind the window, of ended ones all after a while."""
    for broadcast_id, organization_id in _on_air_unrecorded():
        with _one_at_a_time("trim", broadcast_id), lifecycle.ingest_scope(organization_id):
            _trim(broadcast_id)
    for broadcast_id, organization_id in _to_clear():
        with _one_at_a_time("clear", broadcast_id), transaction(), lifecycle.ingest_scope(organization_id):
            _clear(broadcast_id)
    _forget_viewers()


def on_air_count() -> int:
    """How many streams of the instance are on air."""
    with tenancy.everywhere("the operator counts the broadcasts of all organizations"):
        return db.session.scalar(sa.select(sa.func.count(LiveStream.id)).where(LiveStream.status == ACTIVE)) or 0


@contextmanager
def _one_at_a_time(step: str, of: object) -> Iterator[None]:
    """What goes wrong with one stream is no other one's matter: it is logged, and tried again the next time."""
    try:
        yield
    except Exception:
        db.session.rollback()
        log.exception("live.housekeeping_failed step=%s of=%s", step, of)


@contextmanager
def _reading_everywhere() -> Iterator[None]:
    """A look across all organizations in a transaction that only reads: mostly there is nothing to do."""
    with reading(), transaction(), tenancy.everywhere("housekeeping looks at the broadcasts of all organizations"):
        yield


def _abandoned() -> list[Admission]:
    with _reading_everywhere():
        return connection_queries.abandoned()


def _overdue() -> list[tuple[str, UUID]]:
    # Who is away has a broadcast, and that is indexed.
    away = sa.select(LiveStream).where(LiveStream.broadcast_id.is_not(None), LiveStream.disconnected_at.is_not(None))
    with _reading_everywhere():
        return [(s.id, s.organization_id) for s in db.session.scalars(away) if lifecycle.is_overdue(s, now())]


def _unsettled() -> list[tuple[UUID, str, UUID]]:
    ended = sa.select(LiveBroadcast.id, LiveBroadcast.stream_id, LiveBroadcast.organization_id).where(
        LiveBroadcast.settled_at.is_(None), LiveBroadcast.ended_at.is_not(None)
    )
    with _reading_everywhere():
        return [(row.id, row.stream_id, row.organization_id) for row in db.session.execute(ended)]


def _on_air_unrecorded() -> list[tuple[UUID, UUID]]:
    statement = sa.select(LiveBroadcast.id, LiveBroadcast.organization_id).where(
        LiveBroadcast.settled_at.is_(None), LiveBroadcast.is_recorded.is_(False)
    )
    with _reading_everywhere():
        return [(row.id, row.organization_id) for row in db.session.execute(statement)]


def _to_clear() -> list[tuple[UUID, UUID]]:
    """Broadcasts whose segments nobody needs: the media has its source, or there is none (any more)."""
    over = sa.select(LiveBroadcast.id, LiveBroadcast.organization_id)
    over = over.outerjoin(Media, Media.id == LiveBroadcast.media_id)
    over = over.where(LiveBroadcast.settled_at < now() - SEGMENTS_STAY, LiveBroadcast.cleared_at.is_(None))
    over = over.where(sa.or_(Media.id.is_(None), Media.source_size.is_not(None)))
    with _reading_everywhere():
        return [(row.id, row.organization_id) for row in db.session.execute(over)]


def _trim(broadcast_id: UUID) -> None:
    """Forget the segments behind the window, then remove their bytes: a bucket takes its time, and nobody waits for it.

    Bytes that a crash leaves between the two go with the broadcast's folder.
    """
    with _reading_everywhere():
        broadcast = db.session.scalar(sa.select(LiveBroadcast).where(LiveBroadcast.id == broadcast_id))
        behind = broadcast_queries.behind_the_window(broadcast) if broadcast else []
        keys = [broadcast_queries.key(broadcast, segment) for segment in behind] if broadcast else []
    if not behind:
        return
    deletion = sa.delete(LiveSegment).where(
        LiveSegment.broadcast_id == broadcast_id, LiveSegment.position <= behind[-1].position
    )
    with transaction():
        db.session.execute(deletion.execution_options(synchronize_session=False))
    for key in keys:
        storage.get().delete(key)


def _clear(broadcast_id: UUID) -> None:
    broadcast = lifecycle.load_broadcast(broadcast_id)
    if broadcast is None:
        return
    deletion = sa.delete(LiveSegment).where(LiveSegment.broadcast_id == broadcast_id)
    db.session.execute(deletion.execution_options(synchronize_session=False))
    queue.enqueue("storage.remove", {"folder": broadcast.folder}, organization_id=broadcast.organization_id)
    broadcast.cleared_at = now()
    _shorten_log(broadcast.stream_id)


def _shorten_log(stream_id: str) -> None:
    """Keep the latest lines of a stream's log."""
    of = LiveLogLine.stream_id == stream_id
    oldest_kept = sa.select(LiveLogLine.at).where(of).order_by(LiveLogLine.at.desc()).offset(LOG_LINES).limit(1)
    last = db.session.scalar(oldest_kept)
    if last is not None:
        deletion = sa.delete(LiveLogLine).where(of, LiveLogLine.at <= last)
        db.session.execute(deletion.execution_options(synchronize_session=False))


def _forget_viewers() -> None:
    is_gone = LiveViewer.seen_at < now() - VIEWERS_KEPT
    with _reading_everywhere():
        viewer = db.session.scalar(sa.select(LiveViewer.viewer).where(is_gone).limit(1))
    if viewer is not None:
        with transaction(), tenancy.everywhere("presence of viewers is forgotten for all streams alike"):
            db.session.execute(sa.delete(LiveViewer).where(is_gone))
