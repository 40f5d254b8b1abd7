"""The audit log is looked through by one thing: its index, as every filter has one."""

from __future__ import annotations

from alembic import op

revision = "20261130_history"
down_revision = "20261130_things"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_log_target_id", "audit_log", ["chain", "target_id", "number"])


def downgrade() -> None:
    op.drop_index("ix_audit_log_target_id", "audit_log")
