"""The states of a stream and its broadcast: idle, preparing, active, disabled; every change of them is a function here.

No verbs: people's verbs and ingest share it. Each change begins with `locked`, so that an encoder that comes, a person who
presses "finish" and the end of the reconnect window never cross.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import Entry
from fastpix.db import db, now
from fastpix.resources.audit import domain as audit
from fastpix.resources.live_streams import events
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, RecordingOptions
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.live_streams.models import ACTIVE, IDLE, PREPARING, LiveLogLine, LiveStream
from fastpix.resources.live_streams.simulcasts.models import RESTING, Simulcast
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.options import Options
from fastpix.text import naming

ACTOR = "live ingest"
_LOCKED = sa.select(LiveStream).where(LiveStream.id == sa.bindparam("stream_id")).with_for_update()
_OPEN = sa.select(LiveConnection.id).where(
    LiveConnection.broadcast_id == sa.bindparam("broadcast_id"), LiveConnection.ended_at.is_(None)
)


@contextmanager
def ingest_scope(organization_id: UUID, address: str = "") -> Iterator[None]:
    """Ingest acts within one organization. `address` is the encoder's."""
    actor = principal.system(ACTOR, organization_id, "ingest")
    with principal.acting(replace(actor, address=address or None)):
        yield
        db.session.flush()  # what was written is checked while its scope is open


def locked(stream_id: str) -> LiveStream | None:
    """The stream's row, its state as it is now and ours until the transaction ends; None where there is none."""
    return db.session.scalar(_LOCKED.execution_options(populate_existing=True), {"stream_id": stream_id})


def load_broadcast(broadcast_id: UUID) -> LiveBroadcast | None:
    """The broadcast's row, locked as the stream's is."""
    statement = sa.select(LiveBroadcast).where(LiveBroadcast.id == broadcast_id).with_for_update()
    return db.session.scalar(statement.execution_options(populate_existing=True))


def log_line(stream: LiveStream, text: str, refused: str = "") -> None:
    """A line of the stream's log."""
    db.session.add(LiveLogLine(stream_id=stream.id, workspace_id=stream.workspace_id, text=text, refused=refused))


def begin(stream: LiveStream) -> LiveBroadcast:
    """A new broadcast of a stream that has none."""
    recording: RecordingOptions = {
        "title": f"{stream.name}, {now():%d %b %Y %H:%M} UTC"[:255],
        "policy": stream.media_policy,
        "metadata": stream.metadata_,
        "max_resolution": stream.max_resolution,
    }
    broadcast = LiveBroadcast(
        stream_id=stream.id,
        workspace_id=stream.workspace_id,
        recording=recording,
        is_recorded=stream.enable_recording,
        is_dvr=stream.enable_dvr,
    )
    db.session.add(broadcast)
    db.session.flush()
    stream.broadcast_id, stream.status = broadcast.id, PREPARING
    return broadcast


def disconnect(stream: LiveStream, reason: str) -> None:
    """The encoder is gone: its broadcast waits for it, unless nothing was ever sent."""
    stream.connection_id = None
    if stream.status != ACTIVE:
        end(stream, reason)
        return
    stream.disconnected_at = now()
    _rest_simulcasts(stream)
    events.stream(stream, "disconnected")
    log_line(stream, f"{reason} The broadcast goes on if the encoder returns within {stream.reconnect_window} seconds.")


def activate(stream: LiveStream, *, is_recorded: bool, size: str = "") -> None:
    """The first segments of a broadcast are stored: viewers can watch. `size` is that of the picture, for the log."""
    stream.status = ACTIVE
    log_line(stream, f"On air{size and ', '}{size}.")
    events.stream(stream, "active", *(("recording",) if is_recorded else ()))


def enable(stream: LiveStream) -> None:
    """Let a disabled stream be published to again."""
    stream.status = IDLE


def end(stream: LiveStream, reason: str, status: str = IDLE) -> None:
    """End what is out, if anything is. The encoder loses the stream and is cut off by its ingest."""
    broadcast = load_broadcast(stream.broadcast_id) if stream.broadcast_id else None
    stream.status, stream.broadcast_id, stream.connection_id, stream.disconnected_at = status, None, None, None
    _rest_simulcasts(stream)
    if broadcast is not None and broadcast.ended_at is None:
        broadcast.ended_at = now()
        log_line(stream, reason)
        db.session.flush()
        if status == IDLE:
            events.stream(stream, "idle")
        settle(broadcast)


def _rest_simulcasts(stream: LiveStream) -> None:
    """Nothing is pushed anywhere while no encoder sends."""
    of_stream = sa.update(Simulcast).where(Simulcast.stream_id == stream.id, Simulcast.state != RESTING)
    db.session.execute(of_stream.values(state=RESTING, state_text="", state_at=now()))


def settle(broadcast: LiveBroadcast) -> None:
    """Make what is to be made of a broadcast that ended, once the last segment of its encoders is stored."""
    if broadcast.ended_at is None or broadcast.settled_at is not None:
        return
    if db.session.scalar(_OPEN.limit(1), {"broadcast_id": broadcast.id}) is not None:
        return
    broadcast.settled_at = now()
    if broadcast.position and broadcast.is_recorded:
        broadcast.media_id = _record(broadcast)
    db.session.flush()


def _record(broadcast: LiveBroadcast) -> UUID:
    """The media of a broadcast, which a worker puts together and processes like any other. Its id."""
    options = Options(
        access_policy=broadcast.recording["policy"],
        title=naming.cleaned(broadcast.recording["title"]),
        metadata=broadcast.recording["metadata"],
        max_resolution=broadcast.recording["max_resolution"],
    )
    recording = creation.recorded(broadcast.workspace_id, broadcast.stream_id, options)
    record_in_audit(
        "media.create",
        "media",
        recording.id,
        recording.title,
        broadcast.workspace_id,
        {"source": "recording", "stream": broadcast.stream_id},
    )
    stream = locked(broadcast.stream_id)
    if stream is not None:
        log_line(stream, "The recording became a media.")
    return recording.id


def record_in_audit(
    action: str, kind: str, target: object, name: str, workspace_id: UUID, after: dict[str, Any], result: str = "done"
) -> None:
    """An audit row of what no verb did: encoders come and go by themselves. Belongs to the running transaction."""
    entry = Entry(action, kind, str(target), name, workspace_id, after=after, result=result)
    entry.organization_id = audit.organization()
    audit.record(entry)


def is_overdue(stream: LiveStream, moment: datetime) -> bool:
    """Whether the encoder was away for longer than the stream's reconnect window."""
    away = stream.disconnected_at
    return away is not None and away + timedelta(seconds=stream.reconnect_window) < moment
