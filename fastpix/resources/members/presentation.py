"""How a member's or invited person's access is shown: in words, to the form that edits it, and to the button that undoes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from fastpix.access.table import Role
from fastpix.resources.members.domain import Workspaces
from fastpix.resources.members.models import GrantedWorkspace

Granted = Literal["all"] | list[GrantedWorkspace]


def workspace_access(workspaces: Granted) -> Workspaces:
    """The workspaces of a row, as `edit` takes them."""
    return "all" if workspaces == "all" else [workspace["id"] for workspace in workspaces]


def access(role: Role, workspaces: Granted) -> str:
    """Such as "a member with access to 2 workspaces"."""
    article = "an admin" if role == "admin" else "a member"
    return f"{article} with {_reach(role, workspaces)}"


def _reach(role: Role, workspaces: Granted) -> str:
    if role == "admin" or workspaces == "all":
        return "access to all workspaces"
    count = len(workspaces)
    return f"access to {count} workspace{'' if count == 1 else 's'}" if count else "access to no workspace"


def undo(url: str, member_ids: Iterable[UUID], role: Role) -> dict[str, Any]:
    """What the Undo button sends, for the message of a page: the address, and its fields by name."""
    return {"url": url, "fields": [["role", role], *(["member", str(each)] for each in member_ids)]}
