"""the audit log: results, and rows chained by keyed hashes

Rows that are there already are chained as they are. The key is the instance's: run by `fastpix upgrade`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from fastpix.db import UtcDateTime
from fastpix.resources.audit import chain

revision = "20261124_3"
down_revision = "20261124_2"
branch_labels = None
depends_on = None

NOWHERE = UUID(int=0)
FILTERS = ("actor_id", "action", "area", "result", "door", "target_kind", "workspace_id")
NEW = {
    "result": sa.String(length=8),
    "area": sa.String(length=64),
    "chain": sa.Uuid(),
    "number": sa.BigInteger(),
    "previous_hash": sa.String(length=64),
    "hash": sa.String(length=64),
}
LOG = sa.table(
    "audit_log",
    sa.column("id", sa.Uuid()),
    sa.column("at", UtcDateTime()),
    sa.column("organization_id", sa.Uuid()),
    sa.column("workspace_id", sa.Uuid()),
    sa.column("before", sa.JSON()),
    sa.column("after", sa.JSON()),
    *(
        sa.column(name, sa.String())
        for name in (
            "action", "actor_kind", "actor_id", "actor_name", "door", "address", "request_id", "target_kind",
            "target_id", "target_name",
        )
    ),
    *(sa.column(name, kind) for name, kind in NEW.items()),
)  # fmt: skip
HEADS = sa.table(
    "audit_heads",
    sa.column("chain", sa.Uuid()),
    sa.column("number", sa.BigInteger()),
    sa.column("hash", sa.String()),
    sa.column("at", UtcDateTime()),
    sa.column("start_number", sa.BigInteger()),
    sa.column("start_hash", sa.String()),
    sa.column("seal", sa.String()),
)
KEYS = ("chain", "number", "previous_hash", "hash", "result", "area")


def upgrade() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_number", sa.BigInteger(), nullable=False),
        sa.Column("start_hash", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_heads")),
    )
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("audit_days", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.alter_column("audit_days", existing_type=sa.Integer(), server_default=None)
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_log_page")
        for name, kind in NEW.items():
            batch_op.add_column(sa.Column(name, kind, nullable=True))
    _chain()
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        for name, kind in NEW.items():
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        batch_op.create_unique_constraint(op.f("uq_audit_log_chain_number"), ["chain", "number"])
        batch_op.create_index("ix_audit_log_chain_at", ["chain", "at"], unique=False)
        for name in FILTERS:
            batch_op.create_index(f"ix_audit_log_{name}", ["chain", name, "number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        for name in reversed(FILTERS):
            batch_op.drop_index(f"ix_audit_log_{name}")
        batch_op.drop_index("ix_audit_log_chain_at")
        batch_op.drop_constraint(op.f("uq_audit_log_chain_number"), type_="unique")
        for name in NEW:
            batch_op.drop_column(name)
        batch_op.create_index("ix_audit_log_page", ["organization_id", "at", "id"], unique=False)
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_column("audit_days")
    op.drop_table("audit_heads")


def _chain() -> None:
    """Number the rows of every organization by time, and seal them."""
    connection = op.get_bind()
    order = (LOG.c.organization_id, LOG.c.at, LOG.c.id)
    heads: dict[UUID, dict[str, Any]] = {}
    for found in connection.execute(sa.select(LOG).order_by(*order)).mappings().all():
        of = found["organization_id"] or NOWHERE
        head = heads.setdefault(of, {"chain": of, "number": 0, "hash": "", "start_number": 0, "start_hash": ""})
        row = {**found, "chain": of, "number": head["number"] + 1, "previous_hash": head["hash"], "result": "done"}
        row["area"] = found["action"].partition(".")[0]
        row["hash"] = chain.row_hash(row)
        values = {key: row[key] for key in KEYS}
        connection.execute(sa.update(LOG).where(LOG.c.id == row["id"]).values(**values))
        head.update(number=row["number"], hash=row["hash"], at=row["at"])
    for head in heads.values():
        connection.execute(sa.insert(HEADS).values(**head, seal=chain.head_seal(head)))
