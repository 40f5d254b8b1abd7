"""Rows of an access review. They are read from the tables of others: the review has none."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypedDict, TypeVar
from uuid import UUID

from fastpix.access.table import Role

Row = TypeVar("Row")


class Section(TypedDict, Generic[Row]):
    """The first rows of a list, and how many it has."""

    rows: list[Row]
    total: int


class ReviewedPerson(TypedDict):
    """`id` is the member's; `closed` is why they have no access now, "suspended" or "ended", or empty."""

    id: UUID
    name: str
    email: str
    role: Role
    joined_at: datetime
    last_seen_at: datetime | None
    has_second_factor: bool
    closed: str


class ReviewedToken(TypedDict):
    """`is_suspended`: its owner is gone (`is_ownerless`), or has no access now."""

    id: UUID
    name: str
    role: Role
    owner_name: str
    is_suspended: bool
    is_ownerless: bool
    last_used_at: datetime | None
    workspace_name: str


class ReviewedKey(TypedDict):
    id: UUID
    created_at: datetime
    created_by: str
    workspace_name: str


class ReviewedInvitation(TypedDict):
    id: UUID
    email: str
    role: Role
    inviter_name: str
    expires_at: datetime


class Denial(TypedDict):
    """Who was denied what, how often and when last."""

    actor_name: str
    action: str
    count: int
    last_at: datetime


class Sections(TypedDict):
    admins: Section[ReviewedPerson]
    unseen: Section[ReviewedPerson]
    tokens: Section[ReviewedToken]
    keys: Section[ReviewedKey]
    invitations: Section[ReviewedInvitation]
    denials: Section[Denial]


class LastReview(TypedDict):
    by: str
    at: datetime
    note: str


class Review(Sections):
    """What to look at; `last` is the review before, `is_due` whether it is more than a month ago."""

    last: LastReview | None
    is_due: bool
