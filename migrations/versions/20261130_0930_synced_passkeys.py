"""Passkeys remember whether they are synchronized: then their counts of uses may go back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_synced"
down_revision = "20261130_hold"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("passkeys") as table:
        table.add_column(sa.Column("is_synced", sa.Boolean()))


def downgrade() -> None:
    with op.batch_alter_table("passkeys") as table:
        table.drop_column("is_synced")
