"""Puts rows of the audit log into their chain, as the last thing before a transaction is saved.

Rows wait until then, outside the session's own flushes: the head of the chain is locked last and for moments only, after
every other lock of the transaction (the organization's row, a stream's), so two changes can never wait for each other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from fastpix.db import CLOCKS_DIFFER, now, upsert
from fastpix.resources.audit.chain import rules
from fastpix.resources.audit.models import CLOCK, NOWHERE, AuditHead, AuditRow, ChainHead

_WAITING = "fastpix audit rows"
HEAD = sa.select(
    AuditHead.chain,
    AuditHead.number,
    AuditHead.hash,
    AuditHead.at,
    AuditHead.start_number,
    AuditHead.start_hash,
).where(AuditHead.chain == sa.bindparam("of"))
_TICK = timedelta(microseconds=1)


def install(session: Any) -> None:
    """Attach to a session factory. Called by `fastpix.app`."""
    if not event.contains(session, "before_commit", _chain_waiting):
        event.listen(session, "before_commit", _chain_waiting)
        event.listen(session, "after_soft_rollback", _forget_undone)
        event.listen(session, "after_transaction_end", _forget_all)


def add(session: Session, values: dict[str, Any]) -> None:
    """Let a row wait for the end of the running transaction, or go with it when it is undone."""
    running = session.get_nested_transaction() or session.get_transaction() or session.begin()
    session.info.setdefault(_WAITING, []).append((running, values))


def lock(session: Session, of: UUID) -> ChainHead:
    """The head of a chain, locked until the transaction ends; made where there is none."""
    statement = HEAD.with_for_update()
    row = session.execute(statement, {"of": of}).first()
    if row is None:
        session.execute(_new_head(session, of))
        row = session.execute(statement, {"of": of}).one()
    return as_head(row)


def as_head(row: sa.Row[*tuple[Any, ...]]) -> ChainHead:
    """A row of `HEAD`."""
    return {
        "chain": row.chain,
        "number": row.number,
        "hash": row.hash,
        "at": row.at,
        "start_number": row.start_number,
        "start_hash": row.start_hash,
    }


def move(session: Session, head: ChainHead) -> None:
    """Write a locked head back, sealed."""
    values = {**head, "seal": rules.head_seal(head)}
    statement = sa.update(AuditHead).where(AuditHead.chain == head["chain"]).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))


def _new_head(session: Session, of: UUID) -> sa.Insert:
    values: ChainHead = {"chain": of, "number": 0, "hash": "", "at": now(), "start_number": 0, "start_hash": ""}
    # Two first rows at the same moment: the second waits for the first, and finds its head.
    return upsert(AuditHead, session).values(**values, seal=rules.head_seal(values)).on_conflict_do_nothing()


def _chain_waiting(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.get(_WAITING):
        return  # a savepoint ends, and not the transaction; or nothing was changed
    session.flush()  # takes all other locks there are to take
    rows = [values for _, values in session.info.pop(_WAITING)]
    # Everybody locks several chains in the same order.
    for of in sorted({row["organization_id"] or NOWHERE for row in rows}):
        head = lock(session, of)
        for values in rows:
            if (values["organization_id"] or NOWHERE) == of:
                session.add(AuditRow(**_linked(head, values)))
        move(session, head)


def _linked(head: ChainHead, values: dict[str, Any]) -> dict[str, Any]:
    """The columns of the next row of a chain; its head is moved on.

    Times only rise in a chain: where the clock was set back, the row says beside it what the clock reads.
    """
    moment = now()
    at = max(moment, head["at"] + _TICK)
    if at > moment + CLOCKS_DIFFER:
        values = {**values, "after": {**values["after"], CLOCK: moment.isoformat()}}
    row = {**values, "chain": head["chain"], "number": head["number"] + 1, "previous_hash": head["hash"], "at": at}
    row["hash"] = rules.row_hash(row)
    head["number"], head["hash"], head["at"] = row["number"], row["hash"], at
    return row


def _forget_undone(session: Session, undone: SessionTransaction) -> None:
    """Rows of a savepoint go with it."""

    def is_in(transaction: SessionTransaction | None) -> bool:
        while transaction is not None and transaction is not undone:
            transaction = transaction.parent
        return transaction is undone

    waiting = session.info.get(_WAITING, [])
    session.info[_WAITING] = [(running, values) for running, values in waiting if not is_in(running)]


def _forget_all(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_WAITING, None)
