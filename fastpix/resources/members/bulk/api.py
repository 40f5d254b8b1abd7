"""Changes of many members over the HTTP API."""

from __future__ import annotations

from typing import Any

from fastpix.resources.members.bulk import domain
from fastpix.resources.members.bulk.schemas import BulkEdit, ChosenMembers, OutcomeOut
from fastpix.web.api import Api

api = Api("members_bulk", __name__, "Members")


@api.operation(domain.edit, "POST", "/iam/members/bulk/edit", body=BulkEdit, answer=OutcomeOut, is_answer_list=True)
def edit_many(body: BulkEdit) -> Any:
    """Set role and workspaces of many members in one change, with a result for each."""
    return domain.edit(body.member_ids, body.role, body.workspaces)


@api.operation(
    domain.remove, "POST", "/iam/members/bulk/remove", body=ChosenMembers, answer=OutcomeOut, is_answer_list=True
)
def remove_many(body: ChosenMembers) -> Any:
    """Remove many members in one change, with a result for each."""
    return domain.remove(body.member_ids)
