"""Invitations over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.members.invitations import domain
from fastpix.resources.members.invitations.schemas import InvitationOut, Invite, InviteResult
from fastpix.resources.members.schemas import MemberEdit
from fastpix.web.api import Api, Paging

api = Api("invitations", __name__, "Invitations")


@api.operation(domain.pending, "GET", "/iam/invitations", query=Paging, answer=InvitationOut, is_list=True)
def index(query: Paging) -> Any:
    """List the invites that were not accepted yet."""
    return domain.pending(query.offset, query.limit)


@api.operation(
    domain.invite, "POST", "/iam/invitations", body=Invite, answer=InviteResult, status=201, is_answer_list=True
)
def invite(body: Invite) -> Any:
    """Invite people; a result for each address."""
    return domain.invite(body.emails, body.role, body.workspaces)


@api.operation(domain.get, "GET", "/iam/invitations/<invitationId>", answer=InvitationOut)
def get(invitation_id: UUID) -> Any:
    """Get one invite."""
    return domain.get(invitation_id)


@api.operation(domain.edit, "PATCH", "/iam/invitations/<invitationId>", body=MemberEdit, answer=InvitationOut)
def edit(invitation_id: UUID, body: MemberEdit) -> Any:
    """Set the role and workspaces an invited person will have."""
    return domain.edit(invitation_id, body.role, body.workspaces)


@api.operation(domain.resend, "POST", "/iam/invitations/<invitationId>/resend", answer=InviteResult)
def resend(invitation_id: UUID) -> Any:
    """Send a new link; the old ones are dead."""
    return domain.resend(invitation_id)


@api.operation(domain.revoke, "DELETE", "/iam/invitations/<invitationId>")
def revoke(invitation_id: UUID) -> None:
    """Revoke an invite."""
    domain.revoke(invitation_id)
