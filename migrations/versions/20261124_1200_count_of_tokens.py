"""How many access tokens a workspace has, and their pages by the index alone

Revision ID: 20261124_11
Revises: 20261124_10
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_11"
down_revision = "20261124_10"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("workspaces", schema=None) as batch_op:
        batch_op.add_column(sa.Column("token_count", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE workspaces SET token_count = "
        "(SELECT count(*) FROM access_tokens WHERE access_tokens.workspace_id = workspaces.id)"
    )
    with op.batch_alter_table("access_tokens", schema=None) as batch_op:
        batch_op.drop_index("ix_access_tokens_page_of_workspace")
        batch_op.create_index(
            "ix_access_tokens_page_of_workspace", ["organization_id", "workspace_id", "created_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_access_tokens_workspace_id"), ["workspace_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("access_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_tokens_workspace_id"))
        batch_op.drop_index("ix_access_tokens_page_of_workspace")
        batch_op.create_index("ix_access_tokens_page_of_workspace", ["workspace_id", "created_at", "id"], unique=False)
    with op.batch_alter_table("workspaces", schema=None) as batch_op:
        batch_op.drop_column("token_count")
