"""What becomes of a broadcast: it begins, loses its encoder, ends, and leaves a media. No verbs: doors and ingest share it.

Every change of a stream's state begins with `locked`, so that an encoder that comes, a person who presses "finish" and
the end of the reconnect window never cross.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import names
from fastpix.access.action import Entry
from fastpix.db import db, now
from fastpix.resources.audit import domain as audit
from fastpix.resources.live_streams import announce
from fastpix.resources.live_streams.models import (
    ACTIVE,
    IDLE,
    PREPARING,
    RESTING,
    LiveBroadcast,
    LiveConnection,
    LiveLogLine,
    LiveStream,
    Simulcast,
)
from fastpix.resources.media import create as media
from fastpix.resources.media.asked import Asked

_LOCKED = sa.select(LiveStream).where(LiveStream.id == sa.bindparam("stream_id")).with_for_update()
_OPEN = sa.select(LiveConnection.id).where(
    LiveConnection.broadcast_id == sa.bindparam("broadcast_id"), LiveConnection.ended_at.is_(None)
)


def locked(stream_id: str) -> LiveStream | None:
    """The stream's row, its state as it is now and ours until the transaction ends; None where there is none."""
    return db.session.scalar(_LOCKED.execution_options(populate_existing=True), {"stream_id": stream_id})


def load(broadcast_id: UUID) -> LiveBroadcast | None:
    """The broadcast's row, locked as the stream's is."""
    statement = sa.select(LiveBroadcast).where(LiveBroadcast.id == broadcast_id).with_for_update()
    return db.session.scalar(statement.execution_options(populate_existing=True))


def note(stream: LiveStream, text: str, refused: str = "") -> None:
    """A line of the stream's log."""
    db.session.add(LiveLogLine(stream_id=stream.id, workspace_id=stream.workspace_id, text=text, refused=refused))


def begin(stream: LiveStream) -> LiveBroadcast:
    """A new broadcast of a stream that has none."""
    recording = {
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


def away(stream: LiveStream, reason: str) -> None:
    """The encoder is gone: its broadcast waits for it, unless nothing was ever sent."""
    stream.connection_id = None
    if stream.status != ACTIVE:
        end(stream, reason)
        return
    stream.disconnected_at = now()
    _rest_pushes(stream)
    announce.stream(stream, "disconnected")
    note(stream, f"{reason} The broadcast goes on if the encoder returns within {stream.reconnect_window} seconds.")


def end(stream: LiveStream, reason: str, status: str = IDLE) -> None:
    """End what is out, if anything is. The encoder loses the stream and is cut off by its ingest."""
    broadcast = load(stream.broadcast_id) if stream.broadcast_id else None
    stream.status, stream.broadcast_id, stream.connection_id, stream.disconnected_at = status, None, None, None
    _rest_pushes(stream)
    if broadcast is not None and broadcast.ended_at is None:
        broadcast.ended_at = now()
        note(stream, reason)
        db.session.flush()
        if status == IDLE:
            announce.stream(stream, "idle")
        settle(broadcast)


def _rest_pushes(stream: LiveStream) -> None:
    """Nothing is pushed anywhere while no encoder sends."""
    mine = sa.update(Simulcast).where(Simulcast.stream_id == stream.id, Simulcast.state != RESTING)
    db.session.execute(mine.values(state=RESTING, state_text="", state_at=now()))


def settle(broadcast: LiveBroadcast) -> None:
    """Make what is to be made of a broadcast that ended, once the last segment of its encoders is kept."""
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
    wanted = Asked(
        access_policy=broadcast.recording["policy"],
        title=names.cleaned(broadcast.recording["title"]),
        metadata=broadcast.recording["metadata"],
        max_resolution=broadcast.recording["max_resolution"],
    )
    made = media.recorded(broadcast.workspace_id, broadcast.stream_id, wanted)
    told = {"source": "recording", "stream": broadcast.stream_id}
    tell("media.create", "media", made.id, made.title, broadcast.workspace_id, told)
    stream = locked(broadcast.stream_id)
    if stream is not None:
        note(stream, "The recording became a media.")
    return made.id


def tell(
    action: str, kind: str, target: object, name: str, workspace_id: UUID, after: dict[str, Any], result: str = "done"
) -> None:
    """An audit row of what no verb did: encoders come and go by themselves. Belongs to the running transaction."""
    entry = Entry(action, kind, str(target), name, workspace_id, after=after, result=result)
    entry.organization_id = audit.organization()
    audit.record(entry)
