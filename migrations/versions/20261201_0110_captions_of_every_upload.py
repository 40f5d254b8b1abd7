"""A workspace may have captions made of every upload: the language that is spoken, or none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_default"
down_revision = "20261201_said"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("workspaces") as workspaces:
        workspaces.add_column(sa.Column("captions_code", sa.String(35), server_default=sa.text("''"), nullable=False))
        workspaces.add_column(sa.Column("captions_name", sa.String(80), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("workspaces") as workspaces:
        workspaces.drop_column("captions_name")
        workspaces.drop_column("captions_code")
