"""The audit log: writes its rows, and shows an organization its own."""

from __future__ import annotations

import uuid
from uuid import UUID

from fastpix.access import principal
from fastpix.access.action import Entry
from fastpix.db import db
from fastpix.resources.audit import chain, recording


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


def actor_id(actor: principal.Actor) -> str:
    """Who acts, as a row names it: a token's id before its owner's, a system actor's name."""
    return str(actor.token_id or actor.person_id or actor.name)


def organization() -> UUID | None:
    """The organization that the actor in force acts in, as a row names it."""
    return principal.current().organization_id
