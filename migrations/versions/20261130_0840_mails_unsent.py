"""Mails remember at which command they were refused, and which job delivers them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_mails"
down_revision = "20261130_rights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mails") as table:
        table.add_column(sa.Column("step", sa.String(20)))
        table.add_column(sa.Column("job_id", sa.Uuid()))
        table.create_index("ix_mails_state_created_at", ["state", "created_at"])


def downgrade() -> None:
    with op.batch_alter_table("mails") as table:
        table.drop_index("ix_mails_state_created_at")
        table.drop_column("job_id")
        table.drop_column("step")
