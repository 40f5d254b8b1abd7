"""Which member made a signing key

Revision ID: 20261124_7
Revises: 20261124_6
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_7"
down_revision = "20261124_6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Keys of before keep the name alone: whose it was cannot be told for sure.
    with op.batch_alter_table("signing_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("created_by_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_signing_keys_created_by_id"), ["created_by_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_signing_keys_created_by_id_members"),
            "members",
            ["created_by_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table("signing_keys", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_signing_keys_created_by_id_members"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_signing_keys_created_by_id"))
        batch_op.drop_column("created_by_id")
