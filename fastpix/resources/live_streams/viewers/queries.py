"""How many watch a stream just now, approximately, and how many watched its latest broadcasts."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action
from fastpix.db import db, now
from fastpix.errors import Missing
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.live_streams.viewers.models import PRESENT, Audience, LiveViewer, LiveViewerSample, ViewerSample

MOST_AUDIENCES, SAMPLES_SHOWN = 10, 24 * 60


@action("live_streams.view")
def count(stream_id: str) -> int:
    """How many watch the stream. Raises `Missing`."""
    _require(stream_id)
    return watching(stream_id)


def watching(stream_id: str) -> int:
    """The same for pages that show the stream anyway. Not a verb."""
    present = sa.select(sa.func.count()).where(LiveViewer.stream_id == stream_id, LiveViewer.seen_at > now() - PRESENT)
    return db.session.scalar(present.select_from(LiveViewer)) or 0


def watching_each(stream_ids: Iterable[str]) -> dict[str, int]:
    """The same of several streams at once; who watches none of them is left out."""
    present = sa.select(LiveViewer.stream_id, sa.func.count()).where(
        LiveViewer.stream_id.in_(list(stream_ids)), LiveViewer.seen_at > now() - PRESENT
    )
    return {row[0]: row[1] for row in db.session.execute(present.group_by(LiveViewer.stream_id))}


@action("live_streams.view")
def audiences(stream_id: str, *, of: UUID | None = None, of_all: bool = True) -> list[Audience]:
    """The stream's latest broadcasts that were looked at, newest first. Raises `Missing`.

    Samples are those of the broadcast's last day; unless `of_all`, only of the one asked for, or else the newest.
    """
    _require(stream_id)
    peak = sa.func.max(LiveViewerSample.viewers).label("most_viewers")
    latest = (
        sa.select(LiveBroadcast.id, LiveBroadcast.started_at, LiveBroadcast.ended_at, peak)
        .join(LiveViewerSample, LiveViewerSample.broadcast_id == LiveBroadcast.id)
        .where(LiveBroadcast.stream_id == stream_id)
        .group_by(LiveBroadcast.id, LiveBroadcast.started_at, LiveBroadcast.ended_at)
        .order_by(LiveBroadcast.started_at.desc())
        .limit(MOST_AUDIENCES)
    )
    audiences: list[Audience] = [
        {"id": broadcast_id, "started_at": begin, "ended_at": end, "most_viewers": most, "samples": []}
        for broadcast_id, begin, end, most in db.session.execute(latest)
    ]
    shown = next(
        (audience["id"] for audience in audiences if audience["id"] == of), audiences[0]["id"] if audiences else None
    )
    for audience in audiences:
        if of_all or audience["id"] == shown:
            audience["samples"] = _samples(audience["id"])
    return audiences


def _samples(broadcast_id: UUID) -> list[ViewerSample]:
    last = sa.select(LiveViewerSample.at, LiveViewerSample.viewers)
    last = last.where(LiveViewerSample.broadcast_id == broadcast_id).order_by(LiveViewerSample.at.desc())
    rows = db.session.execute(last.limit(SAMPLES_SHOWN)).all()
    return [{"at": at, "viewers": viewers} for at, viewers in reversed(rows)]


def _require(stream_id: str) -> None:
    if db.session.scalar(sa.select(LiveStream.id).where(LiveStream.id == stream_id)) is None:
        raise Missing("There is no such live stream here.")
