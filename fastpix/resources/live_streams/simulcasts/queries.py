"""Simulcast targets as plain data, for people as far as they may see them, and for ingest."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.crypto import seal
from fastpix.db import db
from fastpix.resources.live_streams import stream_keys
from fastpix.resources.live_streams.simulcasts.models import Simulcast, SimulcastRow, Target

_OF_STREAMS = (
    sa.select(Simulcast)
    .where(Simulcast.stream_id.in_(sa.bindparam("stream_ids", expanding=True)))
    .order_by(Simulcast.created_at, Simulcast.id)
)

_TARGETS = (
    sa.select(Simulcast.id, Simulcast.stream_id, Simulcast.url, Simulcast.sealed_key)
    .where(Simulcast.stream_id.in_(sa.bindparam("stream_ids", expanding=True)), Simulcast.is_enabled.is_(True))
    .order_by(Simulcast.created_at, Simulcast.id)
)


def of_streams(stream_ids: Iterable[str]) -> list[SimulcastRow]:
    """The targets of all these streams, oldest first."""
    return [as_row(simulcast) for simulcast in db.session.scalars(_OF_STREAMS, {"stream_ids": list(stream_ids)})]


def as_row(simulcast: Simulcast) -> SimulcastRow:
    """A target, as far as the actor may see it."""
    may_publish = principal.may(stream_keys.MAY_PUBLISH)
    return {
        "id": simulcast.id,
        "stream_id": simulcast.stream_id,
        "url": simulcast.url if may_publish else "",
        "stream_key": _key(simulcast.sealed_key) if may_publish else "",
        "is_enabled": simulcast.is_enabled,
        "metadata": simulcast.metadata_,
        "state": simulcast.state,
        "state_text": simulcast.state_text if may_publish else "",
        "state_at": simulcast.state_at,
        "created_at": simulcast.created_at,
    }


def targets(stream_ids: Iterable[str]) -> dict[str, list[Target]]:
    """Where the streams are to be pushed to now. Not a verb: ingest calls it, for the streams of all organizations."""
    found: dict[str, list[Target]] = {stream_id: [] for stream_id in stream_ids}
    with tenancy.everywhere("an ingest pushes the streams of all organizations"):
        for row in tenancy.rows(_TARGETS, {"stream_ids": list(found)}):
            found[row.stream_id].append(Target(row.id, row.url, _key(row.sealed_key)))
    return found


def _key(sealed_key: bytes) -> str:
    """The key of another server. Empty where it was sealed with another secret of this instance."""
    return seal.unseal(sealed_key) or ""
