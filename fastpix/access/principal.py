"""The actor of this request, job or command, and the flask-principal needs that its role gives it.

flask-principal 0.4.0 has five measured traps (`tests/access/test_principal_traps.py`): here a permission always has
exactly one need, is built once from the role table, and is never combined with another.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import flask_principal

from fastpix.access import table
from fastpix.access.table import Role
from fastpix.errors import NotFresh

# How long a proof of who one is counts as fresh.
FRESH_MINUTES = 10
Door = Literal["dashboard", "api", "cli", "job", "ingest"]
ActionNeed = namedtuple("ActionNeed", ["method", "permission"])


class Denied(flask_principal.PermissionDenied):  # type: ignore[misc]  # flask-principal ships no types
    """The actor lacks a permission. `permission` is its key in the role table."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


def _need(permission: str) -> ActionNeed:
    return ActionNeed("action", permission)


PERMISSION_OBJECTS: dict[str, flask_principal.Permission] = {
    row.key: flask_principal.Permission(_need(row.key)) for row in table.PERMISSIONS
}


@dataclass(frozen=True)
class Actor:
    """Who acts, in which organization, through which door. `workspace_ids` None means every workspace.

    `kind` "person" and "token" come from requests; "system" is a named job, command or callback.
    """

    kind: Literal["person", "token", "system", "nobody"]
    name: str
    door: Door
    # Who a token acts for. Members may see this name; a token's own they may not.
    owner_name: str = ""
    permissions: frozenset[str] = frozenset()
    role: Role | None = None
    person_id: UUID | None = None
    member_id: UUID | None = None
    token_id: UUID | None = None
    # Which of the secrets that a token has had, one after another, was shown.
    token_secret: int = 0
    # The browser session that a person came with; None where none is needed (commands).
    session_id: UUID | None = None
    organization_id: UUID | None = None
    workspace_ids: frozenset[UUID] | None = frozenset()
    token_workspace_id: UUID | None = None
    # An admin's token that manages people manages the workspaces too, though it enters only its own.
    sees_all_workspaces: bool = False
    may_manage_people: bool = True
    expires_at: datetime | None = None
    switches: frozenset[str] = frozenset()
    # A request whose CSRF token failed may look but change nothing: `action` refuses every change.
    is_read_only: bool = False
    # An admin looks through a member's eyes: `action` refuses every change but ending it and signing out.
    is_viewing: bool = False
    # A person who looks after the whole instance (`fastpix.monitoring.system`). It gives nothing in any organization.
    is_operator: bool = False
    # Whether a person proved a moment ago who they are (`table.FRESH`). Only asked of people in the dashboard.
    is_fresh: bool = True
    address: str | None = None
    request_id: str | None = None
    identity: flask_principal.Identity = field(init=False, repr=False, compare=False)

    @property
    def credential(self) -> tuple[UUID | None, ...]:
        """What gives the actor its rights: equal for two actors whose rights end together."""
        return self.session_id, self.token_id, self.member_id, self.person_id

    @property
    def shown_name(self) -> str:
        """The name that anybody may see: a person's, never a token's."""
        return self.owner_name or self.name

    def __post_init__(self) -> None:
        identity = flask_principal.Identity(str(self.token_id or self.person_id or self.name), self.kind)
        identity.provides = {_need(key) for key in self.permissions}
        object.__setattr__(self, "identity", identity)


NOBODY = Actor("nobody", "nobody", "dashboard")

_actor: ContextVar[Actor] = ContextVar("fastpix_actor", default=NOBODY)


def current() -> Actor:
    """The actor in force. `NOBODY` when nobody acts."""
    return _actor.get()


def enter(actor: Actor) -> Token[Actor]:
    """Put an actor in force; give the returned mark to `leave` when it ends."""
    return _actor.set(actor)


def leave(mark: Token[Actor]) -> None:
    _actor.reset(mark)


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """An actor in force for a block: how jobs, commands and tests call verbs."""
    mark = enter(actor)
    try:
        yield actor
    finally:
        leave(mark)


def system(name: str, organization_id: UUID | None, door: Door = "job") -> Actor:
    """A named system actor with every permission in one organization (none where it is None)."""
    return Actor(
        "system",
        name,
        door,
        permissions=frozenset(table.ROWS) if organization_id else frozenset(),
        organization_id=organization_id,
        workspace_ids=None,
    )


def may(permission: str) -> bool:
    """Whether the actor in force has a permission. KeyError for one the table does not know."""
    table.row(permission)
    return bool(PERMISSION_OBJECTS[permission].allows(current().identity))


def may_each(resource: str, *verbs: str) -> dict[str, bool]:
    """Which of a resource's verbs the actor in force may do: `may_each("media", "edit")` is {"edit": True}, say."""
    return {verb: may(f"{resource}.{verb}") for verb in verbs}


def demand(permission: str) -> None:
    """Raise `Denied` unless the actor in force has the permission."""
    if not may(permission):
        raise Denied(permission)


def demand_fresh() -> None:
    """Raise `NotFresh` for a person in the dashboard whose last proof of who they are is too old."""
    actor = current()
    if actor.kind == "person" and actor.door == "dashboard" and not actor.is_fresh:
        raise NotFresh("Confirm that it is you.")
