"""Until when members have access, over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.members import domain as members
from fastpix.resources.members.bulk.schemas import OutcomeOut
from fastpix.resources.members.schemas import MemberOut
from fastpix.resources.members.until import domain
from fastpix.resources.members.until.schemas import ChosenEndOn, EndsOn
from fastpix.web.api import Api

api = Api("members_until", __name__, "Members")


@api.operation(domain.end_on, "POST", "/iam/members/<memberId>/until", body=EndsOn, answer=MemberOut)
def end_on(member_id: UUID, body: EndsOn) -> Any:
    """Let a member's access end with a day, or go on."""
    members.get(member_id)
    domain.end_on([member_id], body.ends_on)
    return members.get(member_id)


@api.operation(
    domain.end_on, "POST", "/iam/members/bulk/until", body=ChosenEndOn, answer=OutcomeOut, is_answer_list=True
)
def end_many_on(body: ChosenEndOn) -> Any:
    """Let the access of many members end with a day, or go on, with a result for each."""
    return domain.end_on(body.member_ids, body.ends_on)
