"""Wire shapes of the organization, of "who am I" and of the role table."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Moment, Wire


class OrganizationOut(Answer):
    id: UUID
    slug: str
    name: str
    members_edit_workspaces: bool
    audit_days: int
    require_second_factor: bool
    access_review_mail: bool
    time_zone: str
    member_count: int
    created_at: Moment


class OrganizationEdit(Wire):
    name: str | None = Field(default=None, max_length=80)
    slug: str | None = Field(default=None, max_length=40, description="Stands in the dashboard's addresses.")
    members_edit_workspaces: bool | None = Field(
        default=None, strict=True, description="Whether members may edit workspace details."
    )
    audit_days: int | None = Field(
        default=None, strict=True, ge=0, le=36500, description="Days the audit log is kept: 0 for ever, or 30 and more."
    )
    require_second_factor: bool | None = Field(
        default=None, strict=True, description="Whether who has no second factor is stopped until they have one."
    )
    access_review_mail: bool | None = Field(
        default=None, strict=True, description="Whether the admins are reminded every month to review the access."
    )
    time_zone: str | None = Field(
        default=None,
        max_length=64,
        description="Where a day ends: an IANA name such as `Europe/Berlin`. Ends of access keep their day.",
    )


class Me(Answer):
    kind: Literal["token", "person"]
    id: UUID
    name: str
    role: Literal["admin", "member"]
    organization: OrganizationOut
    workspace_id: UUID | None
    may_manage_people: bool
    expires_at: Moment | None
    permissions: list[str]


class PermissionOut(Answer):
    key: str
    area: str
    does: str
    admin: bool
    member: bool
    mine: bool
