"""Uploads whose file is sent anew keep what came before apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_files"
down_revision = "20261130_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("uploads") as table:
        table.add_column(sa.Column("attempt", sa.String(length=16), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("uploads") as table:
        table.drop_column("attempt")
