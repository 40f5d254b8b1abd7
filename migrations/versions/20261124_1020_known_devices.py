"""Browsers in which an account was opened before

Revision ID: 20261124_6
Revises: 20261124_5
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_6"
down_revision = "20261124_5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_known_devices_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint("person_id", "token_hash", name=op.f("uq_known_devices_person_id_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("known_devices")
