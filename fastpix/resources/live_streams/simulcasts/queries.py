"""Simulcast targets as plain data, for people as far as they may see them, and for ingest."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.crypto import seal
from fastpix.db import db
from fastpix.resources.live_streams import stream_keys
from fastpix.resources.live_streams.simulcasts.models import Simulcast, SimulcastRow, Target

_OF_STREAMS = (
    sa.select(Simulcast)
    .where(Simulcast.stream_id.in_(sa.bindparam("stream_ids", expanding=True)))
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
        "stream_key": _key(simulcast) if may_publish else "",
        "is_enabled": simulcast.is_enabled,
        "metadata": simulcast.metadata_,
        "state": simulcast.state,
        "state_text": simulcast.state_text if may_publish else "",
        "state_at": simulcast.state_at,
        "created_at": simulcast.created_at,
    }


def targets(stream_id: str) -> list[Target]:
    """Where the stream is to be pushed to now. Not a verb: ingest calls it, in the scope of the stream's organization."""
    enabled = sa.select(Simulcast).where(Simulcast.stream_id == stream_id, Simulcast.is_enabled.is_(True))
    rows = db.session.scalars(enabled.order_by(Simulcast.created_at, Simulcast.id))
    return [Target(row.id, row.url, _key(row)) for row in rows]


def _key(simulcast: Simulcast) -> str:
    """The key of another server. Empty where it was sealed with another secret of this instance."""
    return seal.unseal(simulcast.sealed_key) or ""
