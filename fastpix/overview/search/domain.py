"""Quick search: asks each resource for what its own permission lets the actor find, and shows nothing else.

What one may not see is not asked for: no name of it, no count, not even a group that stays empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastpix.access import principal
from fastpix.access.action import action
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.live_streams import queries as live_streams
from fastpix.resources.media import queries as media
from fastpix.resources.members import domain as members
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.workspaces import domain as workspaces

# Of each kind; one more is asked for, to know whether there are any.
MOST = 6
LONGEST = 100

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Group:
    """What fits of one kind: rows as its resource gives them, and whether there are more."""

    kind: str
    rows: Rows
    has_more: bool


def _people(text: str, most: int) -> Rows:
    return members.page(query=text, limit=most).rows


# Kind, the permission to see it, and its resource's own search: (text, workspaces one may enter, how many) -> rows.
_KINDS: tuple[tuple[str, str, Callable[[str, list[UUID], int], Rows]], ...] = (
    ("media", "media.view", media.find),
    ("live_streams", "live_streams.view", live_streams.find),
    ("workspaces", "workspaces.view", lambda text, _here, most: workspaces.find(text, most)),
    ("members", "members.view", lambda text, _here, most: _people(text, most)),
    ("access_tokens", "access_tokens.view", access_tokens.find),
    ("signing_keys", "signing_keys.view", lambda text, _here, most: signing_keys.find(text, most)),
)


def kinds() -> list[str]:
    """What the actor's search looks through."""
    return [kind for kind, permission, _ in _KINDS if principal.may(permission)]


@action("organizations.view")
def find(text: str) -> list[Group]:
    """What fits the text, in groups that are not empty; nothing for an empty one."""
    query = text.replace("\0", "").strip()[:LONGEST]  # PostgreSQL takes no NUL in a text
    if not query:
        return []
    every = [workspace["id"] for workspace in workspaces.search()] if principal.may("workspaces.view") else []
    reach = principal.current().workspace_ids
    enterable = every if reach is None else [workspace_id for workspace_id in every if workspace_id in reach]
    groups = []
    for kind, permission, search in _KINDS:
        if principal.may(permission) and (rows := search(query, enterable, MOST + 1)):
            groups.append(Group(kind, rows[:MOST], len(rows) > MOST))
    return groups
