"""Wire shapes of members and invitations."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Id, Moment, Paging, Wire

RoleName = Literal["admin", "member"]
WorkspaceAccess = Annotated[
    Literal["all"] | list[Id], Field(description="`all`, or the ids of the workspaces; an empty list is legal.")
]


class WorkspaceRef(Answer):
    id: UUID
    name: str


class MemberOut(Answer):
    id: UUID
    name: str
    email: str
    role: RoleName
    workspaces: Literal["all"] | list[WorkspaceRef]
    joined_at: Moment
    last_seen_at: Moment | None


class MemberQuery(Paging):
    query: str = Field(default="", max_length=254, description="Beginning of a name or mail address.")
    role: Literal["", "admin", "member"] = Field(default="", description="Only people of this role.")


class MemberEdit(Wire):
    role: RoleName | None = Field(default=None, description="Absent: stays as it is.")
    workspaces: WorkspaceAccess | None = Field(default=None, description="Absent: stays as it is.")


class EndingToken(Answer):
    id: UUID
    name: str
    role: RoleName
    workspace_name: str


class EndingKey(Answer):
    id: UUID
    created_at: Moment
    last_used_at: Moment | None
    workspace_name: str


class DepartureOut(Answer):
    tokens: list[EndingToken] = Field(description="Working tokens, which stop; after a demotion they can only read.")
    invitations: list[str] = Field(description="Addresses of open invites, which become void.")
    signing_keys: list[EndingKey] = Field(description="Keys the member made. They go on working until deleted.")
    uploads: int = Field(description="Open upload addresses, which end.")


class ReceiptOut(Answer):
    name: str
    by: str
    at: Moment
    is_removed: bool = Field(description="False: the admin role was taken away.")
    tokens: list[str]
    invitations: list[str]
    signing_keys: list[str]
    uploads: int


class Leave(Wire):
    successor_id: Id | None = Field(default=None, description="Member who becomes admin; required of the only admin.")


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
