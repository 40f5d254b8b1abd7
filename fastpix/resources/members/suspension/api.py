"""Suspending and resuming members over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.members import domain as members
from fastpix.resources.members.bulk.schemas import ChosenMembers, OutcomeOut
from fastpix.resources.members.schemas import MemberOut
from fastpix.resources.members.suspension import domain
from fastpix.web.api import Api

api = Api("members_suspension", __name__, "Members")


@api.operation(domain.suspend, "POST", "/iam/members/<memberId>/suspend", answer=MemberOut)
def suspend(member_id: UUID) -> Any:
    """Suspend a member: everything stops as in a removal, and nothing is lost."""
    members.get(member_id)
    domain.suspend([member_id])
    return members.get(member_id)


@api.operation(domain.resume, "POST", "/iam/members/<memberId>/resume", answer=MemberOut)
def resume(member_id: UUID) -> Any:
    """Resume a suspended member, who has again what they had."""
    members.get(member_id)
    domain.resume([member_id])
    return members.get(member_id)


@api.operation(
    domain.suspend, "POST", "/iam/members/bulk/suspend", body=ChosenMembers, answer=OutcomeOut, is_answer_list=True
)
def suspend_many(body: ChosenMembers) -> Any:
    """Suspend many members in one change, with a result for each."""
    return domain.suspend(body.member_ids)


@api.operation(
    domain.resume, "POST", "/iam/members/bulk/resume", body=ChosenMembers, answer=OutcomeOut, is_answer_list=True
)
def resume_many(body: ChosenMembers) -> Any:
    """Resume many members in one change, with a result for each."""
    return domain.resume(body.member_ids)
