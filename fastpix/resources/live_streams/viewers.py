"""Who watches just now, approximately: each start of a player has a random name, noted while it asks for playlists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fastpix.access import tenancy
from fastpix.access.action import action
from fastpix.db import db, now, reading, transaction
from fastpix.errors import Missing
from fastpix.resources.live_streams.models import ACTIVE, LiveBroadcast, LiveStream, LiveViewer, LiveViewerSample

# A player asks every segment's length; one that was silent for longer went away.
PRESENT = timedelta(seconds=25)
# Nobody fills the table by making names up.
MOST_AT_ONCE = 2000
SAMPLES_KEPT = timedelta(days=2 * 366)
MOST_AUDIENCES, SAMPLES_SHOWN = 10, 24 * 60


@action("live_streams.view")
def count(stream_id: str) -> int:
    """How many watch the stream. Raises `Missing`."""
    _require(stream_id)
    return counted(stream_id)


def counted(stream_id: str) -> int:
    """The same for pages that show the stream anyway. Not a verb."""
    present = sa.select(sa.func.count()).where(LiveViewer.stream_id == stream_id, LiveViewer.seen_at > now() - PRESENT)
    return db.session.scalar(present.select_from(LiveViewer)) or 0


def note(seen: Iterable[tuple[str, str, UUID, UUID]]) -> None:
    """Note that viewers are there: (stream id, viewer, workspace id, organization id) each. Streams that are gone
    meanwhile are left out."""
    moment = now()
    rows = [
        {"stream_id": s, "viewer": v, "workspace_id": w, "organization_id": o, "seen_at": moment} for s, v, w, o in seen
    ][:MOST_AT_ONCE]
    with tenancy.everywhere("viewers belong to no organization; the stream they watch says where they are counted"):
        there = set(
            db.session.scalars(sa.select(LiveStream.id).where(LiveStream.id.in_({r["stream_id"] for r in rows})))
        )
        # In order: two processes that note the same viewers must not wait for each other.
        wanted = sorted((row for row in rows if row["stream_id"] in there), key=lambda r: (r["stream_id"], r["viewer"]))
        if not wanted:
            return
        dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(LiveViewer)
        same = ["stream_id", "viewer"]
        statement = insert.on_conflict_do_update(index_elements=same, set_={"seen_at": insert.excluded.seen_at})
        db.session.execute(statement, wanted)


def sample() -> None:
    """Keep how many watch each broadcast that is on air, once a minute however many workers look."""
    at = now()
    watching = sa.select(LiveViewer.stream_id, sa.func.count().label("viewers"))
    present = watching.where(LiveViewer.seen_at > at - PRESENT).group_by(LiveViewer.stream_id).subquery()
    statement = (
        sa.select(
            LiveStream.broadcast_id,
            LiveStream.workspace_id,
            LiveStream.organization_id,
            sa.func.coalesce(present.c.viewers, 0).label("viewers"),
        )
        .outerjoin(present, present.c.stream_id == LiveStream.id)
        .where(LiveStream.broadcast_id.is_not(None), LiveStream.status == ACTIVE)
        .order_by(LiveStream.broadcast_id)
    )
    with tenancy.everywhere("the worker looks at the broadcasts of all organizations"):
        with reading(), transaction():
            rows = [dict(row) for row in db.session.execute(statement).mappings()]
        minute = at.replace(second=0, microsecond=0)
        dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
        if rows:
            with transaction():
                told = [row | {"at": minute} for row in rows]
                db.session.execute(dialect.insert(LiveViewerSample).on_conflict_do_nothing(), told)


def prune() -> None:
    """Forget samples of long ago."""
    old = sa.delete(LiveViewerSample).where(LiveViewerSample.at < now() - SAMPLES_KEPT)
    with transaction(), tenancy.everywhere("samples of viewers are forgotten for all streams alike"):
        db.session.execute(old.execution_options(synchronize_session=False))


@action("live_streams.view")
def audiences(stream_id: str, *, of: UUID | None = None, of_all: bool = True) -> list[dict[str, Any]]:
    """The stream's latest broadcasts that were looked at, newest first: {id, started_at, ended_at, most_viewers,
    samples: [{at, viewers}]}. Raises `Missing`.

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
    found = [{**row, "samples": []} for row in db.session.execute(latest).mappings()]
    shown = next((one["id"] for one in found if one["id"] == of), found[0]["id"] if found else None)
    for one in found:
        if of_all or one["id"] == shown:
            one["samples"] = _samples(one["id"])
    return found


def _samples(broadcast_id: UUID) -> list[dict[str, Any]]:
    last = sa.select(LiveViewerSample.at, LiveViewerSample.viewers)
    last = last.where(LiveViewerSample.broadcast_id == broadcast_id).order_by(LiveViewerSample.at.desc())
    rows = db.session.execute(last.limit(SAMPLES_SHOWN)).mappings()
    return [dict(row) for row in reversed(rows.all())]


def _require(stream_id: str) -> None:
    if db.session.scalar(sa.select(LiveStream.id).where(LiveStream.id == stream_id)) is None:
        raise Missing("There is no such live stream here.")
