"""An upload remembers what its address was asked for with: the token and which of its secrets, or the session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_credential"
down_revision = "20261130_synced"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("uploads") as uploads:
        uploads.add_column(sa.Column("by_token_id", sa.Uuid(), nullable=True))
        uploads.add_column(sa.Column("by_token_secret", sa.Integer(), server_default="0", nullable=False))
        uploads.add_column(sa.Column("by_session_id", sa.Uuid(), nullable=True))
        uploads.create_foreign_key(
            op.f("fk_uploads_by_token_id_access_tokens"), "access_tokens", ["by_token_id"], ["id"], ondelete="CASCADE"
        )
        uploads.create_index("ix_uploads_of_token", ["by_token_id", "status", "expires_at"])
        uploads.create_index("ix_uploads_of_member", ["by_member_id", "status", "expires_at"])


def downgrade() -> None:
    with op.batch_alter_table("uploads") as uploads:
        uploads.drop_index("ix_uploads_of_member")
        uploads.drop_index("ix_uploads_of_token")
        uploads.drop_constraint(op.f("fk_uploads_by_token_id_access_tokens"), type_="foreignkey")
        uploads.drop_column("by_session_id")
        uploads.drop_column("by_token_secret")
        uploads.drop_column("by_token_id")
