"""Wire shapes of invitations."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from fastpix.resources.members.schemas import RoleName, WorkspaceAccess, WorkspaceRef
from fastpix.web.api import Answer, Moment, Wire


class InvitationOut(Answer):
    id: UUID
    email: str
    role: RoleName
    workspaces: Literal["all"] | list[WorkspaceRef]
    invited_by: str
    created_at: Moment
    sent_at: Moment
    expires_at: Moment
    status: Literal["pending", "expired"]
    delivery: str


class Invite(Wire):
    emails: list[str] = Field(min_length=1, max_length=50, description="Mail addresses.")
    role: RoleName
    workspaces: WorkspaceAccess = "all"


class InviteResult(Answer):
    email: str
    status: Literal["invited", "already_member", "already_invited", "invalid", "limited"]
    message: str
    invitation: InvitationOut | None
    link: str | None = Field(description="The invite link. Shown now and never again.")
