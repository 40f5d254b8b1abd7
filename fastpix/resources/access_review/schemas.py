"""Wire shapes of the access review."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Moment, Wire

RoleName = Literal["admin", "member"]


class ReviewedPerson(Answer):
    id: UUID = Field(description="The member's id.")
    name: str
    email: str
    role: RoleName
    joined_at: Moment
    last_seen_at: Moment | None
    has_second_factor: bool
    closed: Literal["", "suspended", "ended"] = Field(description="Why they have no access now; empty where they have.")


class ReviewedToken(Answer):
    id: UUID
    name: str
    role: RoleName
    owner_name: str
    is_suspended: bool = Field(description="Whether its owner left, or has no access now.")
    last_used_at: Moment | None
    workspace_name: str


class ReviewedKey(Answer):
    id: UUID
    created_at: Moment
    created_by: str
    workspace_name: str


class ReviewedInvitation(Answer):
    id: UUID
    email: str
    role: RoleName
    inviter_name: str
    expires_at: Moment


class Denial(Answer):
    actor_name: str
    action: str
    count: int
    last_at: Moment


class People(Answer):
    rows: list[ReviewedPerson]
    total: int


class Tokens(Answer):
    rows: list[ReviewedToken]
    total: int


class Keys(Answer):
    rows: list[ReviewedKey]
    total: int


class Invitations(Answer):
    rows: list[ReviewedInvitation]
    total: int


class Denials(Answer):
    rows: list[Denial]
    total: int


class LastReview(Answer):
    by: str
    at: Moment
    note: str


class ReviewOut(Answer):
    """Each section shows at most 20 rows and how many there are."""

    admins: People
    unseen: People = Field(description="Not seen for 60 days.")
    tokens: Tokens = Field(description="Not used for 90 days.")
    keys: Keys = Field(description="Never used.")
    invitations: Invitations
    denials: Denials = Field(description="Denied attempts of the last 30 days, by who and what.")
    last: LastReview | None
    is_due: bool = Field(description="Whether the last review is more than a month ago.")


class ReviewDone(Wire):
    note: str = Field(default="", max_length=500, description="Kept in the audit log.")
