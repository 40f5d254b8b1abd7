"""Locks of rights: shared by whoever uses one in a transaction that changes something, alone by whoever ends one.

Only PostgreSQL needs them, where transactions run side by side; SQLite's writers follow each other anyway. They are
advisory locks, not locks of rows: those who wait are served in turn, so that a script that sends without a pause cannot
keep its own token from being revoked, and no row is written for a look. The order is always the same: the
organization's, the person's, then whatever rows the change touches.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db

Kind = Literal["organization", "person"]
# What a transaction holds: its outermost part, and the names with whether they are held alone.
_HELD = "fastpix locks of rights"
# Two things with one id, such as an organization and a person, have locks of their own.
_SALTS: dict[Kind, int] = {"organization": 0x6F72, "person": 0x7065}
_SHARED = {
    count: sa.text("SELECT " + ", ".join(f"pg_advisory_xact_lock_shared(:key_{n})" for n in range(count)))
    for count in (1, 2)
}
_ALONE = sa.text("SELECT pg_advisory_xact_lock(:key_0)")


def share(*names: tuple[Kind, UUID]) -> None:
    """Keep these rights from ending until the transaction ends. At most two, in the order of this module's docstring."""
    held = _held()
    wanted = [name for name in names if name not in held]
    if wanted:
        _lock(_SHARED[len(wanted)], wanted)
        held.update(dict.fromkeys(wanted, False))


def alone(kind: Kind, of: UUID, *, in_request: bool) -> None:
    """Wait for all who use these rights just now, and let nobody begin to until the transaction ends.

    Raises `RuntimeError` in a request that shares the lock already: two such would wait for each other for ever.
    (A command may: nothing else of its kind runs beside it.)
    """
    held, name = _held(), (kind, of)
    if held.get(name):
        return
    if name in held and in_request:
        raise RuntimeError(f"the lock of the {kind} is held shared already: its verb must be marked `is_alone`")
    _lock(_ALONE, [name])
    held[name] = True


def _lock(statement: sa.TextClause, names: list[tuple[Kind, UUID]]) -> None:
    session = db.session()
    if session.get_bind().dialect.name == "postgresql":
        keys = {f"key_{number}": _key(*name) for number, name in enumerate(names)}
        session.connection().execute(statement, keys)


def _key(kind: Kind, of: UUID) -> int:
    """The number PostgreSQL locks. Two ids that share one only wait for each other now and then."""
    return int.from_bytes(of.bytes[:8], signed=True) ^ _SALTS[kind]


def _held() -> dict[tuple[Kind, UUID], bool]:
    """What the running transaction holds."""
    session = db.session()
    running = session.get_transaction() or session.begin()
    known: tuple[Any, dict[tuple[Kind, UUID], bool]] | None = session.info.get(_HELD)
    if known is None or known[0] is not running:
        known = session.info[_HELD] = (running, {})
    return known[1]
