"""Simulcast targets: other servers that a stream is pushed to while it is on air."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from fastpix import seal
from fastpix.access.action import action, describe
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, WrongState
from fastpix.resources.live_streams import announce, broadcasts, domain, keys, search
from fastpix.resources.live_streams.models import IDLE, LiveStream, Simulcast
from fastpix.resources.media import asked

MOST = 10
SCHEMES = ("rtmp", "rtmps")
_ONE = sa.select(Simulcast).where(
    Simulcast.id == sa.bindparam("simulcast_id"), Simulcast.stream_id == sa.bindparam("stream_id")
)


@dataclass(frozen=True)
class Target:
    """Where ingest pushes a stream to. The key is for that server alone: it goes into no log."""

    id: str
    url: str
    key: str = field(repr=False)


@action("live_streams.view")
def get(stream_id: str, simulcast_id: str) -> dict[str, Any]:
    """One target. Raises `Missing`."""
    return search.simulcast_as_dict(_load(stream_id, simulcast_id))


@action("live_streams.edit")
def create(stream_id: str, url: str, key: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """A further target. Raises `Missing`, `Invalid`, `WrongState` unless the stream is idle (contract L15)."""
    stream = domain.locked(stream_id)
    domain.refuse_disabled(stream)
    if stream.status != IDLE:
        raise WrongState("A simulcast target can be added only while the stream is idle. Finish the broadcast first.")
    of = Simulcast.stream_id == stream_id
    if (db.session.scalar(sa.select(sa.func.count(Simulcast.id)).where(of)) or 0) >= MOST:
        raise WrongState(f"A stream is pushed to at most {MOST} other servers. Delete a target first.")
    row = Simulcast(
        stream_id=stream_id,
        workspace_id=stream.workspace_id,
        url=checked_url(url),
        sealed_key=seal.seal(checked_key(key)),
        metadata_=asked.metadata(metadata or {}),
    )
    db.session.add(row)
    db.session.flush()
    _tell(stream, row, after=_facts(row))
    announce.simulcast(stream, row, "created")
    return search.simulcast_as_dict(row)


@action("live_streams.edit")
def edit(
    stream_id: str, simulcast_id: str, is_enabled: bool | None = None, metadata: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Switch a target on or off, or change its metadata; what is None stays. Its address and key are fixed.

    Raises `Missing`, `Invalid`, `WrongState` while the stream is disabled.
    """
    stream, row = domain.locked(stream_id), _load(stream_id, simulcast_id)
    domain.refuse_disabled(stream)
    before = _facts(row)
    if is_enabled is not None:
        row.is_enabled = is_enabled
    if metadata is not None:
        row.metadata_ = asked.metadata(metadata)
    db.session.flush()
    _tell(stream, row, before=before, after=_facts(row))
    announce.simulcast(stream, row, "updated")
    return search.simulcast_as_dict(row)


@action("live_streams.edit")
def delete(stream_id: str, simulcast_id: str) -> None:
    """Delete a target; a push to it ends. Raises `Missing`."""
    row = _load(stream_id, simulcast_id)
    stream = domain.load(stream_id)
    _tell(stream, row, before=_facts(row))
    announce.simulcast(stream, row, "deleted")
    db.session.delete(row)
    db.session.flush()


def targets(stream_id: str) -> list[Target]:
    """Where the stream is to be pushed to now. Not a verb: ingest asks, in the scope of the stream's organization."""
    enabled = sa.select(Simulcast).where(Simulcast.stream_id == stream_id, Simulcast.is_enabled.is_(True))
    rows = db.session.scalars(enabled.order_by(Simulcast.created_at, Simulcast.id))
    return [Target(row.id, row.url, keys.of_simulcast(row)) for row in rows]


def pushed(simulcast_id: str, connection_id: UUID, state: str, text: str = "") -> None:
    """What became of the push of a connection. Not a verb: ingest tells, in the scope of the stream's organization."""
    row = db.session.scalar(sa.select(Simulcast).where(Simulcast.id == simulcast_id))
    stream = broadcasts.locked(row.stream_id) if row is not None else None
    if row is None or stream is None or stream.connection_id != connection_id:
        return
    if (row.state, row.state_text) == (state, text[:300]):
        return
    row.state, row.state_text, row.state_at = state, text[:300], now()


def _load(stream_id: str, simulcast_id: str) -> Simulcast:
    row = db.session.scalar(_ONE, {"simulcast_id": simulcast_id, "stream_id": stream_id})
    if row is None:
        raise Missing("There is no such simulcast target of this live stream.")
    return row


def checked_url(url: str) -> str:
    """The address of another server's application. Where it leads is checked when it is pushed to, at every connect.

    Raises `Invalid`.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in SCHEMES and bool(parts.hostname) and bool(parts.path.strip("/")) and len(url) <= 1000
        is_good = is_good and (parts.port is None or parts.port > 0) and "@" not in parts.netloc and url.isprintable()
    except ValueError:
        is_good = False
    if not is_good:
        raise Invalid("url", "Give the server's address, such as rtmp://live.example.com/app or rtmps://….")
    return url


def checked_key(key: str) -> str:
    """The key that the other server gave. Raises `Invalid`."""
    key = key.strip()
    if not 0 < len(key) <= 500 or not key.isprintable() or not key.isascii():
        raise Invalid("streamKey", "Give the stream key that the other server shows, in at most 500 characters.")
    return key


def _facts(row: Simulcast) -> dict[str, Any]:
    """Without the key; and of the address only the host, since the rest may be a secret as well."""
    return {"host": urlsplit(row.url).hostname, "enabled": row.is_enabled, "metadata": row.metadata_}


def _tell(stream: LiveStream, row: Simulcast, **changes: Any) -> None:
    describe("simulcast", row.id, stream.name, workspace_id=stream.workspace_id, **changes)
