"""A membership may be suspended: it stops, and is kept as it is until somebody resumes it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_suspended"
down_revision = "20261201_default"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("members") as members:
        members.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_members_suspended",
        "members",
        ["organization_id", "joined_at", "id"],
        sqlite_where=sa.text("suspended_at IS NOT NULL"),
        postgresql_where=sa.text("suspended_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_members_suspended", table_name="members")
    with op.batch_alter_table("members") as members:
        members.drop_column("suspended_at")
