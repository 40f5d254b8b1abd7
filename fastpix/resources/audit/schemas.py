"""Wire shapes of the audit log."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Id, Moment, Paging


class AuditQuery(Paging):
    actor_id: str = Field(default="", max_length=64, description="Id of a person or token, or a system actor's name.")
    action: str = Field(
        default="", max_length=64, description="A permission such as `media.edit`, or an area: `media`."
    )
    result: Literal["", "done", "denied", "refused"] = ""
    door: Literal["", "dashboard", "api", "cli", "job", "ingest"] = ""
    target_kind: str = Field(default="", max_length=32, description="What it was done to, such as `media`.")
    target_id: str = Field(default="", max_length=64, description="Id of the one thing whose history is wanted.")
    workspace_id: Id | None = None
    since: date | None = Field(default=None, description="First day, UTC.")
    until: date | None = Field(default=None, description="Last day, UTC.")


class AuditOut(Answer):
    number: int
    id: UUID
    at: Moment
    action: str
    result: str
    actor_kind: str
    actor_id: str
    actor_name: str
    door: str
    address: str
    request_id: str
    target_kind: str
    target_id: str
    target_name: str
    workspace_id: UUID | None
    before: dict[str, Any]
    after: dict[str, Any]
    hash: str
