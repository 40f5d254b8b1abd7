"""The monthly mail of the access review

Revision ID: 20261124_8
Revises: 20261124_7
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_8"
down_revision = "20261124_7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("access_review_mail", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("access_review_mailed", sa.String(length=7), nullable=True))
    op.execute("UPDATE organizations SET access_review_mail = false")
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.alter_column("access_review_mail", existing_type=sa.Boolean(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_column("access_review_mailed")
        batch_op.drop_column("access_review_mail")
