"""How a member's or invited person's access is shown, in words and to the form that edits it."""

from __future__ import annotations

from typing import Literal

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
