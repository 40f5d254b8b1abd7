"""Walks the chains of the audit log and names every row at which an edit, a gap, an insertion or a new order shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.audit.chain import recording, rules
from fastpix.resources.audit.models import AuditHead, AuditRow, ChainHead

BATCH = 1000
# As many faults as a person reads; the rest follows from them.
MOST_FAULTS = 50
_COLUMNS = tuple(getattr(AuditRow, name) for name in (*rules.COLUMNS, "hash"))
_ROWS = (
    sa.select(*_COLUMNS)
    .where(AuditRow.chain == sa.bindparam("of"), AuditRow.number > sa.bindparam("past"))
    .order_by(AuditRow.number)
    .limit(BATCH)
)
_HEAD = recording.HEAD.add_columns(AuditHead.seal)
_CHAINS = sa.union(sa.select(AuditHead.chain), sa.select(AuditRow.chain).distinct())


@dataclass
class Report:
    """The state of one chain: how many rows it has, how many were removed in time, and a sentence a fault."""

    chain: UUID
    rows: int = 0
    removed: int = 0
    faults: list[str] = field(default_factory=list)


def begin() -> None:
    """Let all that follows in this transaction see one state of the database, whatever is written meanwhile."""
    db.session.rollback()
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def chains() -> list[UUID]:
    """All chains there are, those without a head too."""
    return list(db.session.scalars(_CHAINS))


def check(of: UUID) -> Report:
    """Walk one chain from where it begins to its head."""
    report = Report(of)
    head_row = db.session.execute(_HEAD, {"of": of}).first()
    if head_row is None:
        report.rows = sum(1 for _ in _rows(of))
        if report.rows:
            report.faults.append(f"the head of the chain is missing, and rows are there: {report.rows}")
        return report
    head = recording.as_head(head_row)
    if head_row.seal != rules.head_seal(head):
        report.faults.append(
            f"the head of the chain (number {head['number']}) was edited, or the secret key is another"
        )
    report.removed = head["start_number"]
    last, last_hash = head["start_number"], head["start_hash"]
    for row in _rows(of):
        report.rows += 1
        if len(report.faults) < MOST_FAULTS:
            report.faults.extend(_faults(row, head, last, last_hash))
        last, last_hash = row["number"], row["hash"]
    if last < head["number"]:
        report.faults.append(f"{_range(last + 1, head['number'])} missing at the end: deleted")
    elif last == head["number"] and last_hash != head["hash"]:
        report.faults.append(f"row {last} is not the one the head of the chain names: replaced")
    return report


def _faults(row: sa.RowMapping, head: ChainHead, last: int, last_hash: str) -> Iterator[str]:
    name = f"row {row['number']} (id {row['id']}, {row['at'].isoformat()}, {row['action']})"
    if row["number"] <= head["start_number"]:
        yield f"{name} stands before the beginning of the chain: inserted"
        return
    if row["number"] > head["number"]:
        yield f"{name} stands behind the end of the chain: inserted"
    if row["number"] > last + 1:
        yield f"{_range(last + 1, row['number'] - 1)} missing before {name}: deleted"
    elif row["previous_hash"] != last_hash:
        yield f"{name} does not follow the row before it: one of the two was replaced or moved"
    if row["hash"] != rules.row_hash(row):
        yield f"{name} was edited, or moved from another place"


def _range(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def _rows(of: UUID) -> Iterator[sa.RowMapping]:
    past = -1
    while batch := db.session.execute(_ROWS, {"of": of, "past": past}).mappings().all():
        yield from batch
        past = batch[-1]["number"]
