"""Wire shapes of changes of many members."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from fastpix.resources.members.bulk.domain import MOST
from fastpix.resources.members.schemas import MemberEdit
from fastpix.web.api import Answer, Id, Wire

IDS = Field(min_length=1, max_length=MOST, description="Members, each once.")


class BulkEdit(MemberEdit):
    member_ids: list[Id] = IDS


class ChosenMembers(Wire):
    member_ids: list[Id] = IDS


class OutcomeOut(Answer):
    id: UUID
    name: str = Field(description="Empty where nobody here has the id.")
    result: Literal["changed", "skipped"]
    reason: str = Field(description="Why somebody was skipped; else empty.")
