"""The connections of encoders: who may publish, that they are still there, that they went. No verbs: ingest alone calls it.

Each call is one transaction (the caller's), in the scope of the stream's organization, as the named system actor.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.errors import Refused
from fastpix.resources.live_streams import events, lifecycle, stream_keys
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.connections.models import Admission, IngestRate, LiveConnection
from fastpix.resources.live_streams.models import DISABLED, LiveLogLine, LiveStream

# An ingest that is silent for longer counts as dead, and its encoders as gone.
LEASE = timedelta(seconds=12)
# The same one, refused for the same reason, is logged once in this time.
REFUSAL_LOGGED_EVERY = timedelta(minutes=1)
MOST_REFUSALS_LOGGED = 10
WRONG_KEY = "There is no stream with this key. Copy the key anew from the stream's page."
IS_DISABLED = "This stream is disabled. An admin can enable it on its page."
IS_LOST = "The stream was ended from the dashboard."
IS_TAKEN = "Another encoder is sending this stream just now. Stop that one first."


_HOLDING = (
    sa.select(LiveConnection.id)
    .join(LiveStream, LiveStream.connection_id == LiveConnection.id)
    .where(LiveConnection.owner == sa.bindparam("owner"), LiveConnection.id.in_(sa.bindparam("ids", expanding=True)))
)
_RENEW = (
    sa.update(LiveConnection)
    .where(LiveConnection.id == sa.bindparam("of"))
    .values(
        lease_until=sa.bindparam("until"),
        bit_rate=sa.bindparam("new_bit_rate"),
        bytes_received=sa.bindparam("new_bytes"),
    )
)


class NotAdmitted(Refused):
    """An encoder may not publish. `stream` is the one it asked for, if the key names one."""

    def __init__(self, message: str, stream_id: str | None = None) -> None:
        super().__init__(message)
        self.stream_id = stream_id


def stream_named_by(key: str) -> str | None:
    """The id of the stream that a key of the right form names, right or wrong; None for any other text."""
    return stream_keys.stream_id_of(key)


def _organization_of(stream_id: str) -> UUID | None:
    """Whose stream it is; None where there is none."""
    with tenancy.everywhere("an encoder is known by its stream key alone"):
        return db.session.scalar(sa.select(LiveStream.organization_id).where(LiveStream.id == stream_id))


def check_key(key: str) -> None:
    """Check that a key is right, without taking anything. Raises `NotAdmitted`."""
    _stream_of(key)


def srt_passphrase(key: str, silent: Collection[str]) -> str:
    """What an SRT caller that shows a key must have besides, if it may publish now. Raises `NotAdmitted`.

    `silent` are ids of streams whose encoders make way. Nothing is taken: `admit` looks again.
    """
    stream = _stream_of(key)
    if stream.status == DISABLED:
        raise NotAdmitted(IS_DISABLED, stream.id)
    with lifecycle.ingest_scope(stream.organization_id):
        if stream.connection_id is not None and stream.id not in silent and _is_served(stream.connection_id):
            raise NotAdmitted(IS_TAKEN, stream.id)
    return stream_keys.srt_secret(stream)


def _stream_of(key: str) -> LiveStream:
    """The stream with exactly this key. Raises `NotAdmitted`."""
    stream_id = stream_keys.stream_id_of(key)
    organization_id = _organization_of(stream_id) if stream_id else None
    if organization_id is None:
        raise NotAdmitted(WRONG_KEY)
    with lifecycle.ingest_scope(organization_id):
        stream = db.session.scalar(sa.select(LiveStream).where(LiveStream.id == stream_id))
    if stream is None or not stream_keys.is_right(key, stream):
        raise NotAdmitted(WRONG_KEY, stream_id)
    return stream


def admit(key: str, address: str, owner: str, engine: str) -> Admission:
    """Let an encoder publish under a stream key. Raises `NotAdmitted` with a sentence for whoever set the encoder up.

    `owner` names this ingest. Of two encoders at once, one is admitted.
    """
    stream_id = stream_keys.stream_id_of(key)
    organization_id = _organization_of(stream_id) if stream_id else None
    if stream_id is None or organization_id is None:
        raise NotAdmitted(WRONG_KEY)
    with lifecycle.ingest_scope(organization_id, address):
        stream = lifecycle.locked(stream_id)
        if stream is None or not stream_keys.is_right(key, stream):
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
    if stream.disconnected_at is not None and lifecycle.is_overdue(stream, now()):
        lifecycle.end(stream, "The encoder did not return in time. The broadcast ended.")
    current = lifecycle.load_broadcast(stream.broadcast_id) if stream.broadcast_id else None
    broadcast = current or lifecycle.begin(stream)
    admission = _hold(stream, broadcast, address, owner, engine)
    lifecycle.log_line(stream, f"An encoder connected from {address or 'an unknown address'}.")
    events.stream(stream, "connected", *(("preparing",) if current is None else ()))
    audited = {"broadcast": str(broadcast.id)}
    lifecycle.record_in_audit(
        "live_streams.publish", "live_stream", stream.id, stream.name, stream.workspace_id, audited
    )
    return admission


def _hold(stream: LiveStream, broadcast: LiveBroadcast, address: str, owner: str, engine: str) -> Admission:
    """A connection that has the stream from now on."""
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
    folder = f"{broadcast.folder}/{connection.id}"
    return Admission(connection.id, stream.id, broadcast.id, stream.organization_id, folder)


def go_on(admission: Admission) -> Admission:
    """Let an encoder that changed its tracks go on as a connection of its own, with an init segment of its own.

    The one before stays open until it is closed. Raises `NotAdmitted` if it has lost the stream.
    """
    with lifecycle.ingest_scope(admission.organization_id):
        stream = lifecycle.locked(admission.stream_id)
        broadcast = lifecycle.load_broadcast(admission.broadcast_id)
        before = db.session.scalar(sa.select(LiveConnection).where(LiveConnection.id == admission.connection_id))
        if stream is None or broadcast is None or before is None or stream.connection_id != before.id:
            raise NotAdmitted(IS_LOST, admission.stream_id)
        lifecycle.log_line(stream, "The encoder changed its picture or sound.")
        return _hold(stream, broadcast, before.address, before.owner, before.engine)


def log_refusal(problem: NotAdmitted, address: str) -> None:
    """Write in log and audit of the stream that was asked for that an encoder was refused."""
    organization_id = _organization_of(problem.stream_id) if problem.stream_id else None
    if organization_id is None or problem.stream_id is None:
        return
    with lifecycle.ingest_scope(organization_id, address):
        stream = lifecycle.locked(problem.stream_id)
        mark = f"{address} {str(problem)[:30]}"
        if stream is None or _is_logged(stream.id, mark):
            return
        lifecycle.log_line(stream, f"An encoder at {address or 'an unknown address'} was refused. {problem}", mark)
        audited, workspace_id = {"reason": str(problem)}, stream.workspace_id
        lifecycle.record_in_audit(
            "live_streams.publish", "live_stream", stream.id, stream.name, workspace_id, audited, "refused"
        )


def _is_logged(stream_id: str, mark: str) -> bool:
    """Whether the same one was refused a moment ago, or so many others that more lines would say nothing new."""
    lately = sa.select(LiveLogLine.refused).where(
        LiveLogLine.stream_id == stream_id, LiveLogLine.refused != "", LiveLogLine.at > now() - REFUSAL_LOGGED_EVERY
    )
    logged = db.session.scalars(lately.limit(MOST_REFUSALS_LOGGED)).all()
    return mark in logged or len(logged) >= MOST_REFUSALS_LOGGED


def renew(owner: str, rates: Mapping[UUID, IngestRate]) -> set[UUID]:
    """Keep the leases of this ingest's connections; returns those that still hold their stream.

    The others were cut off by a person, or another ingest has their stream.
    """
    if not rates:
        return set()
    with tenancy.everywhere("an ingest serves the streams of all organizations"):
        holding = {row.id for row in tenancy.rows(_HOLDING, {"owner": owner, "ids": list(rates)})}
        # One whose stream was taken from it keeps its lease too: it is still bringing in its last segment.
        until = now() + LEASE
        renewed = [
            {"of": each, "until": until, "new_bit_rate": rate.bit_rate, "new_bytes": rate.bytes_received}
            for each, rate in sorted(rates.items())
        ]
        db.session.connection().execute(_RENEW, renewed)
    return holding


def close(admission: Admission, reason: str) -> None:
    """A connection is over, and its last segment stored."""
    with lifecycle.ingest_scope(admission.organization_id):
        stream = lifecycle.locked(admission.stream_id)
        broadcast = lifecycle.load_broadcast(admission.broadcast_id)
        connection = db.session.scalar(sa.select(LiveConnection).where(LiveConnection.id == admission.connection_id))
        if broadcast is None or connection is None or connection.ended_at is not None:
            return
        connection.ended_at, connection.end_reason, connection.bit_rate = now(), reason[:300], 0
        db.session.flush()
        if stream is not None and stream.connection_id == connection.id:
            lifecycle.disconnect(stream, reason)
        lifecycle.settle(broadcast)
