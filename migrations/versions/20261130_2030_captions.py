"""Tracks of subtitles may be made here, of what is said: which they are, and how far their making is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_captions"
down_revision = "20261130_history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tracks") as tracks:
        tracks.add_column(sa.Column("is_generated", sa.Boolean(), server_default=sa.false(), nullable=False))
        tracks.add_column(sa.Column("percent", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tracks") as tracks:
        tracks.drop_column("percent")
        tracks.drop_column("is_generated")
