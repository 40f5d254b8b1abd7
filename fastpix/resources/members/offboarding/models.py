"""Rows of what ends with a membership. They are read from the tables of others: offboarding has none."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from fastpix.access.table import Role


class WorkingToken(TypedDict):
    id: UUID
    name: str
    role: Role
    workspace_name: str


class KeyMade(TypedDict):
    id: UUID
    created_at: datetime
    last_used_at: datetime | None
    workspace_name: str


class Ending(TypedDict):
    """Working tokens, addresses of open invites, keys the member made (which go on working), open upload addresses."""

    tokens: list[WorkingToken]
    invitations: list[str]
    signing_keys: list[KeyMade]
    uploads: int


class EndingNames(TypedDict):
    """An `Ending` in names alone, as a row of the audit log holds it; `adopted` are tokens that got a new owner and secret
    with it."""

    tokens: list[str]
    adopted: list[str]
    invitations: list[str]
    signing_keys: list[str]
    uploads: int


class Receipt(EndingNames):
    """What ended for `name`, by whom and when; `is_removed` is false where only the admin role went."""

    name: str
    by: str
    at: datetime
    is_removed: bool
