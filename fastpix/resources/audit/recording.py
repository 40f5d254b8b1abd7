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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from fastpix.db import now
from fastpix.resources.audit import chain
from fastpix.resources.audit.models import NOWHERE, AuditHead, AuditRow

_WAITING = "fastpix audit rows"
_HEAD = sa.select(*(getattr(AuditHead, name) for name in chain.HEAD_COLUMNS)).where(
    AuditHead.chain == sa.bindparam("of")
)
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


def lock(session: Session, of: UUID) -> dict[str, Any]:
    """The head of a chain, locked until the transaction ends; made where there is none."""
    statement = _HEAD.with_for_update()
    found = session.execute(statement, {"of": of}).mappings().first()
    if found is None:
        session.execute(_new_head(session, of))
        found = session.execute(statement, {"of": of}).mappings().one()
    return dict(found)


def move(session: Session, head: dict[str, Any]) -> None:
    """Write a locked head back, sealed."""
    values = {**head, "seal": chain.head_seal(head)}
    statement = sa.update(AuditHead).where(AuditHead.chain == head["chain"]).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))


def _new_head(session: Session, of: UUID) -> Any:
    values = {"chain": of, "number": 0, "hash": "", "at": now(), "start_number": 0, "start_hash": ""}
    # Two first rows at the same moment: the second waits for the first, and finds its head.
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(AuditHead).values(**values, seal=chain.head_seal(values)).on_conflict_do_nothing()


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


def _linked(head: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The columns of the next row of a chain; its head is moved on."""
    at = max(now(), head["at"] + _TICK)
    row = {**values, "chain": head["chain"], "number": head["number"] + 1, "previous_hash": head["hash"], "at": at}
    row["hash"] = chain.row_hash(row)
    head.update(number=row["number"], hash=row["hash"], at=at)
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
