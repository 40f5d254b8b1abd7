"""Segments of broadcasts know how many pictures they have, from which the master tells the frame rate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_frames"
down_revision = "20261130_captions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("live_segments") as segments:
        segments.add_column(sa.Column("frames", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("live_segments") as segments:
        segments.drop_column("frames")
