"""The fresh step and the second factor

Revision ID: 20261124_4
Revises: 20261124_2
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_4"
down_revision = "20261124_2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rights_changed_at", sa.DateTime(timezone=True), nullable=True))
    # Sessions of before count as proved when they began.
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE sessions SET proved_at = created_at")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.alter_column("proved_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("proved_at")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("rights_changed_at")
