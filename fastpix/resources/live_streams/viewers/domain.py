"""Notes who watches, by the random name of each start of a player, and samples how many there are. No verbs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now, reading, transaction, upsert
from fastpix.resources.live_streams.models import ACTIVE, LiveStream
from fastpix.resources.live_streams.viewers.models import PRESENT, LiveViewer, LiveViewerSample

# Nobody fills the table by making names up.
MOST_AT_ONCE = 2000
SAMPLES_KEPT = timedelta(days=2 * 366)


def note(seen: Iterable[tuple[str, str, UUID, UUID]]) -> None:
    """Note that viewers are there: (stream id, viewer, workspace id, organization id) each. Streams that are gone
    meanwhile are left out."""
    moment = now()
    rows = [
        {"stream_id": s, "viewer": v, "workspace_id": w, "organization_id": o, "seen_at": moment} for s, v, w, o in seen
    ][:MOST_AT_ONCE]
    with tenancy.everywhere("viewers belong to no organization; the stream they watch says where they are counted"):
        stream_ids = {row["stream_id"] for row in rows}
        existing = set(db.session.scalars(sa.select(LiveStream.id).where(LiveStream.id.in_(stream_ids))))
        # In order: two processes that note the same viewers must not wait for each other.
        viewers = [row for row in rows if row["stream_id"] in existing]
        viewers.sort(key=lambda viewer: (viewer["stream_id"], viewer["viewer"]))
        if not viewers:
            return
        insert = upsert(LiveViewer)
        same = ["stream_id", "viewer"]
        statement = insert.on_conflict_do_update(index_elements=same, set_={"seen_at": insert.excluded.seen_at})
        db.session.execute(statement, viewers)


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
        if rows:
            with transaction():
                samples = [row | {"at": minute} for row in rows]
                db.session.execute(upsert(LiveViewerSample).on_conflict_do_nothing(), samples)


def prune() -> None:
    """Forget samples of long ago."""
    old = sa.delete(LiveViewerSample).where(LiveViewerSample.at < now() - SAMPLES_KEPT)
    with transaction(), tenancy.everywhere("samples of viewers are forgotten for all streams alike"):
        db.session.execute(old.execution_options(synchronize_session=False))
