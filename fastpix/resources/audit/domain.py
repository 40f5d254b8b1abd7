"""Writes the audit log. The page, the hash chain and the export come with the trust issue."""

from __future__ import annotations

from uuid import UUID

from fastpix.access import principal
from fastpix.access.action import Entry
from fastpix.db import db
from fastpix.resources.audit.models import AuditRow


def record(entry: Entry) -> None:
    """Add the row of one change to the current transaction: who, through which door, what, on what, before and after."""
    actor = principal.current()
    db.session.add(
        AuditRow(
            organization_id=entry.organization_id,
            workspace_id=entry.workspace_id,
            action=entry.action,
            actor_kind=actor.kind,
            actor_id=str(actor.token_id or actor.person_id or actor.name),
            actor_name=actor.name[:160],
            door=actor.door,
            address=actor.address or "",
            request_id=actor.request_id or "",
            target_kind=entry.target_kind,
            target_id=entry.target_id,
            target_name=entry.target_name[:254],
            before=entry.before,
            after=entry.after,
        )
    )


def organization() -> UUID | None:
    """The organization that the actor in force acts in, as a row names it."""
    return principal.current().organization_id
