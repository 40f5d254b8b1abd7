"""View as member: an admin looks through a member's eyes. Rights only shrink, nothing can be changed, an hour at most.

It is kept with the session, so it ends with it; what it shrinks is decided at every request (`accounts.identity`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.action import action, describe, personal
from fastpix.accounts.models import BrowserSession
from fastpix.db import affected_rows, now
from fastpix.errors import Missing
from fastpix.resources.members import domain as members

LIFE = timedelta(hours=1)


@action("members.view_as")
def start(session_id: UUID, workspace_access: members.Workspaces) -> None:
    """Look at the organization in scope as a member with these workspaces would, for an hour. Raises `Invalid`."""
    workspace_ids = members.checked_workspaces(workspace_access)
    reach = None if workspace_access == "all" else [str(each) for each in workspace_ids]
    here = tenancy.organization_id()
    _set(session_id, viewing_organization_id=here, viewing_workspaces=reach, viewing_until=now() + LIFE)
    describe(
        "session", session_id, principal.current().name, after={"workspaces": "all" if reach is None else len(reach)}
    )


@personal("account.view_as")
def end(session_id: UUID) -> None:
    """Look with one's own eyes again."""
    _set(session_id, viewing_organization_id=None, viewing_workspaces=None, viewing_until=None)
    describe("session", session_id, principal.current().name, after={"view": "ended"})


def _set(session_id: UUID, **values: Any) -> None:
    if affected_rows(sa.update(BrowserSession).where(BrowserSession.id == session_id).values(values)) != 1:
        raise Missing("This session has ended. Sign in again.")
