"""What workspaces hold now: the query, and when it is asked at once in place of the hourly measure."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.media.models import Media, MediaCount

# Adding up reads every media: with more of them than this in all, the page shows what was measured within the hour.
MOST_AT_ONCE = 10_000


def statement() -> sa.Select[UUID, int, float, int]:
    """A row for each workspace that holds media: `workspace_id`, `stored_bytes`, `stored_seconds`, `media`."""
    return sa.select(
        Media.workspace_id,
        sa.func.sum(Media.size).label("stored_bytes"),
        sa.func.sum(sa.func.coalesce(Media.duration, 0.0)).label("stored_seconds"),
        sa.func.count().label("media"),
    ).group_by(Media.workspace_id)


def counts() -> dict[UUID, int]:
    """How many media each workspace holds; kept exactly, and read without counting."""
    return {
        row.workspace_id: row.total for row in db.session.execute(sa.select(MediaCount.workspace_id, MediaCount.total))
    }


def now_of(workspace_ids: Collection[UUID]) -> dict[UUID, tuple[int, float, int]]:
    """Bytes, seconds and media of each of these workspaces, as they are at this moment."""
    found = dict.fromkeys(workspace_ids, (0, 0.0, 0))
    asked = statement().where(Media.workspace_id.in_(workspace_ids))
    for row in db.session.execute(asked) if workspace_ids else ():
        found[row.workspace_id] = (int(row.stored_bytes), float(row.stored_seconds), row.media)
    return found
