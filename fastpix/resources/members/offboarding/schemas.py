"""Wire shapes of what ends with a membership."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from fastpix.resources.members.schemas import RoleName
from fastpix.web.api import Answer, Moment


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
    adopted: list[str] = Field(description="Tokens that an admin adopted with the removal; their old secrets stopped.")
    invitations: list[str]
    signing_keys: list[str]
    uploads: int
