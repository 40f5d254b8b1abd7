"""The audit log: one row for every change, written in the change's own transaction, and the head of every chain of rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, id_column, now

# What became of it: saved, not allowed to whoever asked (403), or not possible just now (a rule said no).
RESULTS = ("done", "denied", "refused")
# The chain of what belongs to no organization: what people did to their own accounts.
NOWHERE = UUID(int=0)
# In a row's `after`: what the clock read, where the row's own time had to be later, as a chain's times only rise.
CLOCK = "clock_reads"
# Every filter that is offered has its index, with the number that rows are ordered by behind it.
FILTERS = ("actor_id", "action", "area", "result", "door", "target_kind", "target_id", "workspace_id")


class AuditRow(Base):
    """Outlives what it tells of: it has no foreign keys, so neither a person's nor an organization's end removes it.

    `organization_id` is empty for what a person did to their own account. Within a chain the numbers have no gap and
    `at` only rises, since both are given in the order of the commits; `hash` seals the row and the hash before it.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        sa.UniqueConstraint("chain", "number"),
        sa.Index("ix_audit_log_chain_at", "chain", "at"),
        *(sa.Index(f"ix_audit_log_{name}", "chain", name, "number") for name in FILTERS),
    )

    id: Mapped[UUID] = id_column()
    at: Mapped[datetime] = mapped_column(default=now)
    organization_id: Mapped[UUID | None]
    workspace_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(sa.String(64))
    actor_kind: Mapped[str] = mapped_column(sa.String(8))
    actor_id: Mapped[str] = mapped_column(sa.String(64))
    actor_name: Mapped[str] = mapped_column(sa.String(160))
    door: Mapped[str] = mapped_column(sa.String(12))
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    request_id: Mapped[str] = mapped_column(sa.String(64), default="")
    target_kind: Mapped[str] = mapped_column(sa.String(32))
    target_id: Mapped[str] = mapped_column(sa.String(64))
    target_name: Mapped[str] = mapped_column(sa.String(254))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    result: Mapped[str] = mapped_column(sa.String(8), default="done")
    # The part of `action` before the dot.
    area: Mapped[str] = mapped_column(sa.String(64))
    chain: Mapped[UUID]
    number: Mapped[int] = mapped_column(sa.BigInteger)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class AuditHead(Base):
    """Where a chain ends, and where it begins: rows up to `start_number` were removed when their time was over.

    Sealed like the rows, so that nobody with the database alone can move an end to hide what is missing.
    """

    __tablename__ = "audit_heads"

    chain: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    hash: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    start_number: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    start_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    seal: Mapped[str] = mapped_column(sa.String(64))


class AuditEntry(TypedDict):
    """A row of the log as it is read; `before` and `after` are what the verb said of its change."""

    number: int
    id: UUID
    at: datetime
    action: str
    result: str
    actor_kind: str
    actor_id: str
    actor_name: str
    door: str
    address: str
    request_id: str
    target_kind: str
    target_id: str
    target_name: str
    workspace_id: UUID | None
    before: dict[str, Any]
    after: dict[str, Any]
    hash: str


class ChainHead(TypedDict):
    """The columns of a head that its seal covers."""

    chain: UUID
    number: int
    hash: str
    at: datetime
    start_number: int
    start_hash: str
