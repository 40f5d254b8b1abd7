"""The audit log: writes its rows, and shows an organization its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.action import Entry, action, describe
from fastpix.db import CLOCKS_DIFFER, db, now, reading, set_reading, transaction
from fastpix.resources.audit import queries
from fastpix.resources.audit.chain import recording, rules
from fastpix.resources.audit.models import NOWHERE, AuditEntry, AuditRow
from fastpix.resources.audit.queries import Filter, Page

# Who asks for the same forbidden thing again and again is recorded once a minute: the log must not be flooded.
RECORDED_EVERY = timedelta(minutes=1)


@action("audit.view")
def search(filter_by: Filter, *, older: int | None = None, newer: int | None = None) -> Page:
    """A page of the organization's rows, newest first; `older` and `newer` are numbers from an earlier page."""
    return queries.keyset(filter_by, older=older, newer=newer)


@action("audit.view")
def listed(filter_by: Filter, offset: int = 1, limit: int = 10) -> tuple[list[AuditEntry], int]:
    """The organization's rows by page number (1-based), newest first, with the total."""
    return queries.numbered(filter_by, offset, limit)


@action("audit.export")
def export(filter_by: Filter) -> Iterator[AuditEntry]:
    """All rows of a filter, read bit by bit while they are sent. That somebody took them along is a row itself."""
    restrictions = {name: str(value) for name, value in asdict(filter_by).items() if value}
    describe("audit_log", organization(), "audit log", after={"filter": restrictions})
    return queries.everything(filter_by)


def record(entry: Entry) -> None:
    """Add the row of one change to the current transaction: who, through which door, what, on what, before and after."""
    actor = principal.current()
    recording.add(
        db.session(),
        {
            "id": uuid.uuid4(),
            "organization_id": entry.organization_id,
            "workspace_id": entry.workspace_id,
            "action": entry.action,
            "area": entry.action.partition(".")[0],
            "actor_kind": actor.kind,
            "actor_id": actor_id(actor),
            "actor_name": actor.name[:160],
            "door": actor.door,
            "address": actor.address or "",
            "request_id": actor.request_id or "",
            "target_kind": entry.target_kind,
            "target_id": entry.target_id,
            "target_name": entry.target_name[:254],
            "before": rules.plain(entry.before),
            "after": rules.plain(entry.after),
            "result": entry.result,
        },
    )


def attempt(entry: Entry) -> None:
    """Record what was denied or refused, in a transaction of its own; at most once a minute by actor and permission."""
    with reading():  # most of a flood ends here, without a writer's lock
        is_recorded = _is_recorded(entry)
        db.session.rollback()
    if is_recorded:
        return
    set_reading(False)
    with transaction():
        recording.lock(db.session(), entry.organization_id or NOWHERE)  # two at the same moment: the second one looks
        if not _is_recorded(entry):
            record(entry)


_LATELY = (
    sa.select(AuditRow.id)
    .where(
        AuditRow.chain == sa.bindparam("chain"),
        AuditRow.at > sa.bindparam("after", type_=AuditRow.at.type),
        # Rows of a clock that was ahead say nothing of the last minute.
        AuditRow.at <= sa.bindparam("before", type_=AuditRow.at.type),
        AuditRow.actor_id == sa.bindparam("actor_id"),
        AuditRow.action == sa.bindparam("action"),
        AuditRow.result == sa.bindparam("result"),
    )
    .limit(1)
)


def _is_recorded(entry: Entry) -> bool:
    values = {
        "chain": entry.organization_id or NOWHERE,
        "after": now() - RECORDED_EVERY,
        "before": now() + CLOCKS_DIFFER,
        "actor_id": actor_id(principal.current()),
        "action": entry.action,
        "result": entry.result,
    }
    return tenancy.rows(_LATELY, values).first() is not None


def actor_id(actor: principal.Actor) -> str:
    """Who acts, as a row names it: a token's id before its owner's, a system actor's name."""
    return str(actor.token_id or actor.person_id or actor.name)


def organization() -> UUID | None:
    """The organization that the actor in force acts in, as a row names it."""
    return principal.current().organization_id
