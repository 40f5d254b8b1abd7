"""Who watches just now, approximately: each start of a player has a random name, noted while it asks for playlists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fastpix.access import tenancy
from fastpix.access.action import action
from fastpix.db import db, now
from fastpix.errors import Missing
from fastpix.resources.live_streams.models import LiveStream, LiveViewer

# A player asks every segment's length; one that was silent for longer went away.
PRESENT = timedelta(seconds=25)
# Nobody fills the table by making names up.
MOST_AT_ONCE = 2000


@action("live_streams.view")
def count(stream_id: str) -> int:
    """How many watch the stream. Raises `Missing`."""
    if db.session.scalar(sa.select(LiveStream.id).where(LiveStream.id == stream_id)) is None:
        raise Missing("There is no such live stream here.")
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
