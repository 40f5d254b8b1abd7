"""A membership may end on a day, kept beside the moment at which it is over in the organization's time zone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_until"
down_revision = "20261201_suspended"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("organizations") as organizations:
        organizations.add_column(sa.Column("time_zone", sa.String(64), server_default="UTC", nullable=False))
    with op.batch_alter_table("members") as members:
        members.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        members.add_column(sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
        members.add_column(sa.Column("end_told", sa.Integer(), nullable=True))
    for name, columns in INDEXES.items():
        op.create_index(
            name,
            "members",
            columns,
            sqlite_where=sa.text("ends_at IS NOT NULL"),
            postgresql_where=sa.text("ends_at IS NOT NULL"),
        )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="members")
    with op.batch_alter_table("members") as members:
        members.drop_column("end_told")
        members.drop_column("ends_at")
        members.drop_column("ends_on")
    with op.batch_alter_table("organizations") as organizations:
        organizations.drop_column("time_zone")


INDEXES = {
    "ix_members_ending": ["organization_id", "joined_at", "id"],
    "ix_members_ends_at": ["ends_at"],
}
