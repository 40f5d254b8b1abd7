"""Tracks know the job that prepares them, so that one whose job gave up does not stay preparing for ever."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "20261201_track_jobs"
down_revision = "20261201_frames"
branch_labels = None
depends_on = None

TRACKS = sa.table("tracks", sa.column("id", sa.Uuid()), sa.column("status"), sa.column("job_id", sa.Uuid()))
JOBS = sa.table(
    "jobs",
    sa.column("id", sa.Uuid()),
    sa.column("kind"),
    sa.column("state"),
    sa.column("args", sa.JSON()),
    sa.column("created_at"),
)


def upgrade() -> None:
    with op.batch_alter_table("tracks") as tracks:
        tracks.add_column(sa.Column("job_id", sa.Uuid(), nullable=True))
    connection = op.get_bind()
    of_tracks = sa.select(JOBS.c.id, JOBS.c.args).where(
        JOBS.c.kind.in_(("media.track", "media.captions")), JOBS.c.state != "done"
    )
    for job_id, args in connection.execute(of_tracks.order_by(JOBS.c.created_at)).all():
        track = sa.update(TRACKS).where(TRACKS.c.id == UUID(args["track_id"]), TRACKS.c.status == "preparing")
        connection.execute(track.values(job_id=job_id))


def downgrade() -> None:
    with op.batch_alter_table("tracks") as tracks:
        tracks.drop_column("job_id")
