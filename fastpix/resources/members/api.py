"""Members over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.members import domain
from fastpix.resources.members.offboarding import domain as offboarding
from fastpix.resources.members.offboarding.schemas import DepartureOut, ReceiptOut
from fastpix.resources.members.schemas import Leave, MemberEdit, MemberOut, MemberQuery
from fastpix.web.api import Api

api = Api("members", __name__, "Members")


@api.operation(domain.listed, "GET", "/iam/members", query=MemberQuery, answer=MemberOut, is_list=True)
def index(query: MemberQuery) -> Any:
    """List the people of the organization."""
    sort = "" if query.sort_by == "joined" else query.sort_by
    only = "never" if query.never_seen else ""
    return domain.listed(
        query.offset, query.limit, sort, query=query.query, role=query.role, status=query.status, only=only
    )


@api.operation(domain.get, "GET", "/iam/members/<memberId>", answer=MemberOut)
def get(member_id: UUID) -> Any:
    """Get one member."""
    return domain.get(member_id)


@api.operation(domain.edit, "PATCH", "/iam/members/<memberId>", body=MemberEdit, answer=MemberOut)
def edit(member_id: UUID, body: MemberEdit) -> Any:
    """Set a member's role and workspaces."""
    return domain.edit(member_id, body.role, body.workspaces)


@api.operation(domain.remove, "DELETE", "/iam/members/<memberId>")
def remove(member_id: UUID) -> None:
    """Remove a member from the organization."""
    domain.remove(member_id)


@api.operation(offboarding.preview, "GET", "/iam/members/<memberId>/departure", answer=DepartureOut)
def departure(member_id: UUID) -> Any:
    """What removing a member would end, and which signing keys of theirs would go on working."""
    domain.get(member_id)
    return offboarding.preview(member_id)


@api.operation(offboarding.receipt, "GET", "/iam/members/<memberId>/receipt", answer=ReceiptOut)
def receipt(member_id: UUID) -> Any:
    """What ended when a member was removed or lost the admin role."""
    return offboarding.receipt(member_id)


@api.operation(domain.leave, "POST", "/iam/leave", body=Leave)
def leave(body: Leave) -> None:
    """Leave the organization, as the token's owner."""
    domain.leave(body.successor_id)
