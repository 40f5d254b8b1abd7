"""Simulcast targets: other servers that a stream is pushed to while it is on air."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.crypto import seal
from fastpix.db import db, now
from fastpix.errors import Missing, WrongState
from fastpix.resources.live_streams import domain, events, lifecycle
from fastpix.resources.live_streams import rules as stream_rules
from fastpix.resources.live_streams.models import IDLE, LiveStream
from fastpix.resources.live_streams.simulcasts import queries, rules
from fastpix.resources.live_streams.simulcasts.models import Simulcast, SimulcastRow
from fastpix.resources.media import options

_ONE = sa.select(Simulcast).where(
    Simulcast.id == sa.bindparam("simulcast_id"), Simulcast.stream_id == sa.bindparam("stream_id")
)


@action("live_streams.view")
def get(stream_id: str, simulcast_id: str) -> SimulcastRow:
    """One target. Raises `Missing`."""
    return queries.as_row(_load(stream_id, simulcast_id))


@action("live_streams.edit")
def create(stream_id: str, url: str, key: str, metadata: dict[str, Any] | None = None) -> SimulcastRow:
    """A further target. Raises `Missing`, `Invalid`, `WrongState` unless the stream is idle.

    See docs/fastpix-contract.md, section 4, L15.
    """
    stream = domain.locked(stream_id)
    stream_rules.refuse_disabled(stream)
    if stream.status != IDLE:
        raise WrongState("A simulcast target can be added only while the stream is idle. Finish the broadcast first.")
    count = sa.select(sa.func.count(Simulcast.id)).where(Simulcast.stream_id == stream_id)
    if (db.session.scalar(count) or 0) >= rules.MOST:
        raise WrongState(f"A stream is pushed to at most {rules.MOST} other servers. Delete a target first.")
    row = Simulcast(
        stream_id=stream_id,
        workspace_id=stream.workspace_id,
        url=rules.checked_url(url),
        sealed_key=seal.seal(rules.checked_key(key)),
        metadata_=options.metadata(metadata or {}),
    )
    db.session.add(row)
    db.session.flush()
    _tell(stream, row, after=_facts(row))
    events.simulcast(stream, row, "created")
    return queries.as_row(row)


@action("live_streams.edit")
def edit(
    stream_id: str, simulcast_id: str, is_enabled: bool | None = None, metadata: dict[str, Any] | None = None
) -> SimulcastRow:
    """Switch a target on or off, or change its metadata; what is None stays. Its address and key are fixed.

    Raises `Missing`, `Invalid`, `WrongState` while the stream is disabled.
    """
    stream, row = domain.locked(stream_id), _load(stream_id, simulcast_id)
    stream_rules.refuse_disabled(stream)
    before = _facts(row)
    if is_enabled is not None:
        row.is_enabled = is_enabled
    if metadata is not None:
        row.metadata_ = options.metadata(metadata)
    db.session.flush()
    _tell(stream, row, before=before, after=_facts(row))
    events.simulcast(stream, row, "updated")
    return queries.as_row(row)


@action("live_streams.edit")
def delete(stream_id: str, simulcast_id: str) -> None:
    """Delete a target; a push to it ends. Raises `Missing`."""
    row = _load(stream_id, simulcast_id)
    stream = domain.load(stream_id)
    _tell(stream, row, before=_facts(row))
    events.simulcast(stream, row, "deleted")
    db.session.delete(row)
    db.session.flush()


def write_state(simulcast_id: str, connection_id: UUID, state: str, text: str = "") -> None:
    """What became of the push of a connection. Not a verb: ingest calls it, in the scope of the stream's organization."""
    row = db.session.scalar(sa.select(Simulcast).where(Simulcast.id == simulcast_id))
    stream = lifecycle.locked(row.stream_id) if row is not None else None
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


def _facts(row: Simulcast) -> dict[str, object]:
    """Without the key; and of the address only the host, since the rest may be a secret as well."""
    return {"host": urlsplit(row.url).hostname, "enabled": row.is_enabled, "metadata": row.metadata_}


def _tell(stream: LiveStream, row: Simulcast, **changes: Any) -> None:
    describe("simulcast", row.id, stream.name, workspace_id=stream.workspace_id, **changes)
