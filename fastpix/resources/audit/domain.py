"""The audit log: writes its rows, and shows an organization its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import Entry, action, describe
from fastpix.db import db, now, reading, set_reading, transaction
from fastpix.resources.audit import chain, recording
from fastpix.resources.audit import search as finding
from fastpix.resources.audit.models import NOWHERE, AuditRow

# Who asks for the same forbidden thing again and again is told of once a minute: the log must not be flooded.
TOLD_EVERY = timedelta(minutes=1)


@action("audit.view")
def search(asked: finding.Asked, *, older: int | None = None, newer: int | None = None) -> finding.Page:
    """A page of the organization's rows, newest first; `older` and `newer` are numbers from an earlier page."""
    return finding.keyset(asked, older=older, newer=newer)


@action("audit.view")
def listed(asked: finding.Asked, offset: int = 1, limit: int = 10) -> tuple[list[dict[str, Any]], int]:
    """The organization's rows by page number (1-based), newest first, with the total."""
    return finding.numbered(asked, offset, limit)


@action("audit.export")
def export(asked: finding.Asked) -> Iterator[dict[str, Any]]:
    """All rows of a filter, read bit by bit while they are sent. That somebody took them along is a row itself."""
    kept = {name: str(value) for name, value in asdict(asked).items() if value}
    describe("audit_log", organization(), "audit log", after={"filter": kept})
    return finding.everything(asked)


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
            "before": chain.plain(entry.before),
            "after": chain.plain(entry.after),
            "result": entry.result,
        },
    )


def attempt(entry: Entry) -> None:
    """Record what was denied or refused, in a transaction of its own; at most once a minute by actor and permission."""
    with reading():  # most of a flood ends here, without a writer's lock
        is_told = _was_told(entry)
        db.session.rollback()
    if is_told:
        return
    set_reading(False)
    with transaction():
        recording.lock(db.session(), entry.organization_id or NOWHERE)  # two at the same moment: the second one looks
        if not _was_told(entry):
            record(entry)


def _was_told(entry: Entry) -> bool:
    lately = sa.select(AuditRow.id).where(
        AuditRow.chain == (entry.organization_id or NOWHERE),
        AuditRow.at > now() - TOLD_EVERY,
        AuditRow.actor_id == actor_id(principal.current()),
        AuditRow.action == entry.action,
        AuditRow.result == entry.result,
    )
    return db.session.scalar(lately.limit(1)) is not None


def actor_id(actor: principal.Actor) -> str:
    """Who acts, as a row names it: a token's id before its owner's, a system actor's name."""
    return str(actor.token_id or actor.person_id or actor.name)


def organization() -> UUID | None:
    """The organization that the actor in force acts in, as a row names it."""
    return principal.current().organization_id
