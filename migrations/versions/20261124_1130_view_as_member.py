"""View as member

Revision ID: 20261124_10
Revises: 20261124_9
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_10"
down_revision = "20261124_9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("viewing_organization_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("viewing_workspaces", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("viewing_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("viewing_until")
        batch_op.drop_column("viewing_workspaces")
        batch_op.drop_column("viewing_organization_id")
