"""Wire shapes of members."""

from __future__ import annotations

from datetime import date
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
    suspended_at: Moment | None = Field(description="Since when they have no access here; null while they have.")
    ends_on: date | None = Field(
        description="The last day of their access, a day of the organization; null where it goes on."
    )
    ends_at: Moment | None = Field(description="When that day is over in the organization's time zone.")


QUERY = (
    "Beginnings of words of a name or mail address, each of which must fit; case and accents do not matter: `muller` finds "
    "Müller."
)


class MemberQuery(Paging):
    query: str = Field(default="", max_length=254, description=QUERY)
    role: Literal["", "admin", "member"] = Field(default="", description="Only people of this role.")
    status: Literal["", "active", "suspended", "ending"] = Field(
        default="",
        description="Only people who have access, who are suspended, or whose access ends (or ended) on a day.",
    )
    sort_by: Literal["joined", "name", "role", "seen"] = Field(
        default="joined",
        description=(
            "The order: who joined last first, by name without case and accents, admins first, or who was here last first. "
            "Beyond 2,000 people only `joined`."
        ),
    )
    never_seen: bool = Field(default=False, description="Only people who were never here. Up to 2,000 people.")


class MemberEdit(Wire):
    role: RoleName | None = Field(default=None, description="Absent: stays as it is.")
    workspaces: WorkspaceAccess | None = Field(default=None, description="Absent: stays as it is.")


class Leave(Wire):
    successor_id: Id | None = Field(default=None, description="Member who becomes admin; required of the only admin.")
