"""What ingest tells of encoders: who comes, what they sent, that they are still there, that they went. No verbs.

Each call is one transaction (the caller's), in the scope of the stream's organization, as the named system actor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.db import db, now
from fastpix.errors import Refused
from fastpix.resources.live_streams import announce, broadcasts, keys
from fastpix.resources.live_streams.models import (
    ACTIVE,
    DISABLED,
    PREPARING,
    LiveBroadcast,
    LiveConnection,
    LiveLogLine,
    LiveSegment,
    LiveStream,
)

# An ingest that is silent for longer counts as dead, and its encoders as gone.
LEASE = timedelta(seconds=12)
# The same one, refused for the same reason, is told of once in this time.
TOLD_EVERY = timedelta(minutes=1)
MOST_TOLD = 10
ACTOR = "live ingest"
WRONG_KEY = "There is no stream with this key. Copy the key anew from the stream's page."
IS_DISABLED = "This stream is disabled. An admin can enable it on its page."
IS_TAKEN = "Another encoder is sending this stream just now. Stop that one first."


class NotAdmitted(Refused):
    """An encoder may not publish. `stream` is the one it asked for, if the key names one."""

    def __init__(self, message: str, stream_id: str | None = None) -> None:
        super().__init__(message)
        self.stream_id = stream_id


@dataclass(frozen=True)
class Admission:
    """An encoder that may publish now. `folder` is the storage prefix of what this connection sends."""

    connection_id: UUID
    stream_id: str
    broadcast_id: UUID
    organization_id: UUID
    folder: str


@dataclass(frozen=True)
class Finished:
    """A segment that lies in the storage: `seconds` long, `size` in bytes, begun `at`."""

    name: str
    seconds: float
    size: int
    at: datetime


@dataclass(frozen=True)
class Picture:
    """What the init segment says of a connection. Sides are 0 where there is no picture."""

    codecs: str
    width: int
    height: int


@dataclass(frozen=True)
class Measured:
    """What an encoder sends: bits a second of late, bytes in all."""

    bit_rate: int
    bytes_received: int


@contextmanager
def scope(organization_id: UUID, address: str = "") -> Iterator[None]:
    """Ingest acts within one organization. `address` is the encoder's."""
    actor = principal.system(ACTOR, organization_id, "ingest")
    with principal.acting(replace(actor, address=address or None)):
        yield
        db.session.flush()  # what was written is checked while its scope is open


def named_by(key: str) -> str | None:
    """The id of the stream that a key of the right form names, right or wrong; None for any other text."""
    return keys.stream_id_of(key)


def organization_of(stream_id: str) -> UUID | None:
    """Whose stream it is; None where there is none."""
    with tenancy.everywhere("an encoder is known by its stream key alone"):
        return db.session.scalar(sa.select(LiveStream.organization_id).where(LiveStream.id == stream_id))


def prove(key: str) -> None:
    """Look whether a key is right, without taking anything. Raises `NotAdmitted`."""
    stream_id = keys.stream_id_of(key)
    organization_id = organization_of(stream_id) if stream_id else None
    if organization_id is None:
        raise NotAdmitted(WRONG_KEY)
    with scope(organization_id):
        stream = db.session.scalar(sa.select(LiveStream).where(LiveStream.id == stream_id))
    if stream is None or not keys.is_right(key, stream):
        raise NotAdmitted(WRONG_KEY, stream_id)


def admit(key: str, address: str, owner: str, engine: str) -> Admission:
    """Let an encoder publish under a stream key. Raises `NotAdmitted` with a sentence for whoever set the encoder up.

    `owner` names this ingest. Of two encoders at once, one is admitted.
    """
    stream_id = keys.stream_id_of(key)
    organization_id = organization_of(stream_id) if stream_id else None
    if stream_id is None or organization_id is None:
        raise NotAdmitted(WRONG_KEY)
    with scope(organization_id, address):
        stream = broadcasts.locked(stream_id)
        if stream is None or not keys.is_right(key, stream):
            raise NotAdmitted(WRONG_KEY, stream_id)
        if stream.status == DISABLED:
            raise NotAdmitted(IS_DISABLED, stream_id)
        if stream.connection_id is not None and _is_served(stream.connection_id):
            raise NotAdmitted(IS_TAKEN, stream_id)
        return _connect(stream, address, owner, engine)


def _is_served(connection_id: UUID) -> bool:
    """Whether the ingest of the connection is alive; otherwise its encoder has nobody to talk to."""
    row = db.session.scalar(sa.select(LiveConnection).where(LiveConnection.id == connection_id))
    return row is not None and row.ended_at is None and row.lease_until > now()


def _connect(stream: LiveStream, address: str, owner: str, engine: str) -> Admission:
    if stream.disconnected_at is not None and is_overdue(stream, now()):
        broadcasts.end(stream, "The encoder did not return in time. The broadcast ended.")
    current = broadcasts.load(stream.broadcast_id) if stream.broadcast_id else None
    broadcast = current or broadcasts.begin(stream)
    connection = LiveConnection(
        broadcast_id=broadcast.id,
        workspace_id=stream.workspace_id,
        owner=owner,
        engine=engine,
        address=address,
        lease_until=now() + LEASE,
    )
    db.session.add(connection)
    db.session.flush()
    stream.connection_id, stream.disconnected_at = connection.id, None
    broadcasts.note(stream, f"An encoder connected from {address or 'an unknown address'}.")
    announce.stream(stream, "connected", *(("preparing",) if current is None else ()))
    told = {"broadcast": str(broadcast.id)}
    broadcasts.tell("live_streams.publish", "live_stream", stream.id, stream.name, stream.workspace_id, told)
    return Admission(
        connection.id, stream.id, broadcast.id, stream.organization_id, f"{broadcast.folder}/{connection.id}"
    )


def refuse(problem: NotAdmitted, address: str) -> None:
    """Tell, in log and audit of the stream that was asked for, that somebody was turned away."""
    organization_id = organization_of(problem.stream_id) if problem.stream_id else None
    if organization_id is None or problem.stream_id is None:
        return
    with scope(organization_id, address):
        stream = broadcasts.locked(problem.stream_id)
        mark = f"{address} {str(problem)[:30]}"
        if stream is None or _was_told(stream.id, mark):
            return
        broadcasts.note(stream, f"An encoder at {address or 'an unknown address'} was refused. {problem}", mark)
        told, to = {"reason": str(problem)}, stream.workspace_id
        broadcasts.tell("live_streams.publish", "live_stream", stream.id, stream.name, to, told, "refused")


def _was_told(stream_id: str, mark: str) -> bool:
    """Whether the same one was refused a moment ago, or so many others that more of them would tell nothing new."""
    lately = sa.select(LiveLogLine.refused).where(
        LiveLogLine.stream_id == stream_id, LiveLogLine.refused != "", LiveLogLine.at > now() - TOLD_EVERY
    )
    found = db.session.scalars(lately.limit(MOST_TOLD)).all()
    return mark in found or len(found) >= MOST_TOLD


def keep(admission: Admission, finished: Iterable[Finished], picture: Picture) -> bool:
    """Write down segments that lie in the storage, in order. False: the broadcast is settled or gone, they are too late."""
    with scope(admission.organization_id):
        stream = broadcasts.locked(admission.stream_id)
        broadcast = broadcasts.load(admission.broadcast_id)
        if broadcast is None or broadcast.settled_at is not None:
            return False
        if not _is_last_of(broadcast, admission.connection_id):
            broadcast.part += 1
        for segment in finished:
            _add(broadcast, admission.connection_id, segment)
        if picture.codecs and not broadcast.codecs:
            broadcast.codecs, broadcast.width, broadcast.height = picture.codecs, picture.width, picture.height
        if stream is not None and stream.status == PREPARING and stream.connection_id == admission.connection_id:
            stream.status = ACTIVE
            size = f", {picture.width} × {picture.height}" if picture.width else ""
            broadcasts.note(stream, f"On air{size}.")
            announce.stream(stream, "active", *(("recording",) if broadcast.is_recorded else ()))
        return True


def _is_last_of(broadcast: LiveBroadcast, connection_id: UUID) -> bool:
    last = sa.select(LiveSegment.connection_id).where(
        LiveSegment.broadcast_id == broadcast.id, LiveSegment.position == broadcast.position
    )
    return db.session.scalar(last) == connection_id


def _add(broadcast: LiveBroadcast, connection_id: UUID, segment: Finished) -> None:
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
            at=segment.at,
        )
    )


def renew(owner: str, measured: Mapping[UUID, Measured]) -> set[UUID]:
    """Keep the leases of this ingest's connections; those of the given that still hold their stream.

    The others were cut off by a person, or another ingest has their stream.
    """
    if not measured:
        return set()
    with tenancy.everywhere("an ingest serves the streams of all organizations"):
        held = sa.select(LiveConnection.id).join(LiveStream, LiveStream.connection_id == LiveConnection.id)
        found = set(db.session.scalars(held.where(LiveConnection.owner == owner, LiveConnection.id.in_(measured))))
        until = now() + LEASE
        # One whose stream was taken from it keeps its lease too: it is still bringing in its last segment.
        for connection_id, told in measured.items():
            values = {"lease_until": until, "bit_rate": told.bit_rate, "bytes_received": told.bytes_received}
            mine = sa.update(LiveConnection).where(LiveConnection.id == connection_id)
            db.session.execute(mine.values(**values).execution_options(synchronize_session=False))
    return found


def closed(admission: Admission, reason: str) -> None:
    """A connection is over, and its last segment kept."""
    with scope(admission.organization_id):
        stream = broadcasts.locked(admission.stream_id)
        broadcast = broadcasts.load(admission.broadcast_id)
        connection = db.session.scalar(sa.select(LiveConnection).where(LiveConnection.id == admission.connection_id))
        if broadcast is None or connection is None or connection.ended_at is not None:
            return
        connection.ended_at, connection.end_reason, connection.bit_rate = now(), reason[:300], 0
        db.session.flush()
        if stream is not None and stream.connection_id == connection.id:
            broadcasts.away(stream, reason)
        broadcasts.settle(broadcast)


def is_overdue(stream: LiveStream, moment: datetime) -> bool:
    """Whether the encoder was away for longer than the stream's reconnect window."""
    away = stream.disconnected_at
    return away is not None and away + timedelta(seconds=stream.reconnect_window) < moment
