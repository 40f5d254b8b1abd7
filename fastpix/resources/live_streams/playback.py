"""What delivery reads of live streams: found by a playback id, across organizations, since a viewer belongs to none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db
from fastpix.resources.live_streams.broadcasts import queries as broadcast_queries
from fastpix.resources.live_streams.broadcasts import rules as broadcast_rules
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.broadcasts.rules import Rates
from fastpix.resources.live_streams.models import ACTIVE, PREPARING, LiveStream
from fastpix.resources.playback_ids.models import LivePlaybackId, Restrictions
from fastpix.resources.playback_ids.signed_urls import preview_prefix

_FIND = (
    sa.select(LivePlaybackId, LiveStream)
    .join(LiveStream, LiveStream.id == LivePlaybackId.stream_id)
    .where(LivePlaybackId.id == sa.bindparam("playback_id"))
)
_STATUS = sa.select(LiveStream.status).where(LiveStream.id == sa.bindparam("stream_id"))
_LATEST = (
    sa.select(LiveBroadcast)
    .where(LiveBroadcast.stream_id == sa.bindparam("stream_id"), LiveBroadcast.cleared_at.is_(None))
    .where(LiveBroadcast.position > 0)
    .order_by(LiveBroadcast.started_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class LivePlayable:
    """A live playback id with all that is needed to decide who may play it."""

    playback_id: UUID
    policy: str
    restrictions: Restrictions
    stream_id: str
    workspace_id: UUID
    organization_id: UUID
    generation: str
    is_disabled: bool
    title: str


@dataclass(frozen=True)
class Segment:
    """A segment as the playlist names it: `<connection>/<name>` in the broadcast's folder. `part` counts connections."""

    position: int
    part: int
    connection_id: UUID
    name: str
    seconds: float
    at: datetime


@dataclass(frozen=True)
class OnAir:
    """The broadcast that plays now, or the one that just ended: `segments` are those that a player may see.

    `longest` is the longest segment so far, in seconds. `rates` are those of the segments, `codecs` and sides those of the
    connection that sent last.
    """

    broadcast_id: UUID
    folder: str
    is_over: bool
    is_dvr: bool
    longest: float
    codecs: str
    width: int
    height: int
    rates: Rates
    segments: tuple[Segment, ...]


def find(playback_id: UUID) -> LivePlayable | None:
    """What plays live under a playback id; None where there is nothing."""
    with tenancy.everywhere("a viewer belongs to no organization; the playback id alone says what is meant"):
        row = db.session.execute(_FIND, {"playback_id": playback_id}).one_or_none()
    return None if row is None else of(*row)


def of(playback_id: LivePlaybackId, stream: LiveStream) -> LivePlayable:
    return LivePlayable(
        playback_id=playback_id.id,
        policy=playback_id.access_policy,
        restrictions=playback_id.restrictions,
        stream_id=stream.id,
        workspace_id=stream.workspace_id,
        organization_id=stream.organization_id,
        generation=stream.generation,
        is_disabled=stream.status == "disabled",
        title=stream.name,
    )


def preview(stream_id: str) -> str | None:
    """Where the dashboard's own pages find the stream's playlists for some hours; None without a playback id.

    Not a verb: the page of a stream, which was read by one, calls it.
    """
    return previews([stream_id]).get(stream_id)


def previews(stream_ids: Collection[str]) -> dict[str, str]:
    """The same for several that were read by a verb, by one statement; who has no playback id is left out."""
    if not stream_ids:
        return {}
    statement = sa.select(LivePlaybackId, LiveStream).join(LiveStream, LiveStream.id == LivePlaybackId.stream_id)
    statement = statement.where(LiveStream.id.in_(stream_ids))
    found: dict[str, str] = {}
    for playback_id, stream in db.session.execute(statement.order_by(LivePlaybackId.created_at, LivePlaybackId.id)):
        if stream.id not in found:
            found[stream.id] = preview_prefix(of(playback_id, stream))
    return found


def on_air(stream_id: str) -> OnAir | None:
    """The stream's latest broadcast that still has segments; None where there is none."""
    with tenancy.everywhere("a viewer belongs to no organization; the playback id alone says what is meant"):
        broadcast = db.session.scalar(_LATEST, {"stream_id": stream_id})
        rows = broadcast_queries.shown(broadcast) if broadcast else []
    if broadcast is None or not rows:
        return None
    return OnAir(
        broadcast_id=broadcast.id,
        folder=broadcast.folder,
        is_over=broadcast.settled_at is not None,  # not before the last segment is stored
        is_dvr=broadcast.is_dvr,
        longest=broadcast.longest,
        codecs=broadcast.codecs,
        width=broadcast.width,
        height=broadcast.height,
        rates=broadcast_rules.rates(rows),
        segments=tuple(
            Segment(row.position, row.part, row.connection_id, row.name, row.seconds, row.at) for row in rows
        ),
    )


def has_encoder(stream_id: str) -> bool:
    """Whether an encoder has connected, and something is or will be on air."""
    with tenancy.everywhere("a viewer belongs to no organization; the playback id alone says what is meant"):
        return bool(db.session.scalar(_STATUS, {"stream_id": stream_id}) in (PREPARING, ACTIVE))


def visible(stream_id: str, broadcast_id: UUID) -> dict[UUID, str]:
    """The first segment that viewers may fetch of each connection of a broadcast, by name; empty where the broadcast is
    not one of the stream. What left the window a while ago is there for the recording alone, which may be private."""
    of_stream = sa.select(LiveBroadcast).where(LiveBroadcast.id == broadcast_id, LiveBroadcast.stream_id == stream_id)
    with tenancy.everywhere("a viewer belongs to no organization; the playback id alone says what is meant"):
        broadcast = db.session.scalar(of_stream)
        return broadcast_queries.first_visible(broadcast) if broadcast is not None else {}
