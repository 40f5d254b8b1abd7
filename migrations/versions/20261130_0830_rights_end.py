"""A token knows which of its secrets is the present one, so that what was begun with a former one is not finished."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_rights"
down_revision = "20261130_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("access_tokens") as tokens:
        tokens.add_column(sa.Column("secret_number", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("access_tokens") as tokens:
        tokens.drop_column("secret_number")
