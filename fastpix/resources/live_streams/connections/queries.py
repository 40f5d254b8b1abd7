"""What an ingest that died left behind: connections that nobody serves, and segments that nobody wrote down. No verbs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment
from fastpix.resources.live_streams.connections.models import Admission, LiveConnection

_ALL = sa.select(LiveConnection, LiveBroadcast).join(LiveBroadcast, LiveBroadcast.id == LiveConnection.broadcast_id)
_OPEN = _ALL.where(LiveConnection.ended_at.is_(None))


def left_open(owner: str) -> list[Admission]:
    """Connections that an earlier run of this ingest left: the encoders are gone, their last segments perhaps not."""
    with tenancy.everywhere("an ingest serves the streams of all organizations"):
        rows = db.session.execute(_OPEN.where(LiveConnection.owner == owner)).all()
        return [_admission(connection, broadcast) for connection, broadcast in rows]


def left_behind(connection_id: UUID, owner: str) -> tuple[Admission, set[str]] | None:
    """A connection that an ingest of this machine left files of, with the names of the segments that are listed.

    None while another ingest serves it, and where nothing is known of it (any more).
    """
    with tenancy.everywhere("an ingest serves the streams of all organizations"):
        row = db.session.execute(_ALL.where(LiveConnection.id == connection_id)).one_or_none()
        if row is None:
            return None
        connection, broadcast = row
        if connection.owner != owner and connection.ended_at is None and connection.lease_until > now():
            return None
        names = sa.select(LiveSegment.name).where(LiveSegment.connection_id == connection_id)
        of_connection = names.where(LiveSegment.broadcast_id == broadcast.id)
        return _admission(connection, broadcast), set(db.session.scalars(of_connection))


def in_order(connection_ids: Sequence[UUID]) -> list[UUID]:
    """These connections in the order in which they began; unknown ones come last."""
    with tenancy.everywhere("an ingest serves the streams of all organizations"):
        begun = sa.select(LiveConnection.id).where(LiveConnection.id.in_(connection_ids))
        known = list(db.session.scalars(begun.order_by(LiveConnection.started_at)))
    return [*known, *(each for each in connection_ids if each not in known)]


def is_known(connection_id: UUID) -> bool:
    """Whether there is such a connection: a folder of another one is of no use to anybody."""
    with tenancy.everywhere("an ingest serves the streams of all organizations"):
        return db.session.scalar(sa.select(LiveConnection.id).where(LiveConnection.id == connection_id)) is not None


def abandoned() -> list[Admission]:
    """Connections whose ingest died and did not come back."""
    with tenancy.everywhere("the worker looks after the streams of all organizations"):
        rows = db.session.execute(_OPEN.where(LiveConnection.lease_until < now())).all()
        return [_admission(connection, broadcast) for connection, broadcast in rows]


def _admission(connection: LiveConnection, broadcast: LiveBroadcast) -> Admission:
    folder = f"{broadcast.folder}/{connection.id}"
    return Admission(connection.id, broadcast.stream_id, broadcast.id, broadcast.organization_id, folder)
