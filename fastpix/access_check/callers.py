"""The matrix: every route there is, everybody who may come to it, and what the role table says of them there.

`fastpix access check` tries it with empty input, the tests with right input and with people of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask

from fastpix.access import table
from fastpix.access.action import Action
from fastpix.web.api import WORDS

SWITCHES = frozenset({"members_edit_workspaces"})
LIVE_RULES = ("/v1/live/", "/o/<org>/live/")
# Who there is, and what they are in the organization everybody asks about.
STANDING: dict[str, table.Role | None] = {
    "admin": "admin",
    "member": "member",
    "demoted": "member",
    "removed": None,
    "suspended": None,  # an admin, who comes back as one
    "outsider": None,  # admin of the other organization
    "stranger": None,  # signed in, and in no organization
}
# At the API, nobody.
NO_PROOFS = ("nothing", "a session at the API", "a wrong secret")
PARAMETER = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One endpoint with one method, and the verb that guards it."""

    endpoint: str
    method: str
    rule: str
    action: Action | None = None

    @property
    def is_api(self) -> bool:
        return self.rule.startswith("/v1/")

    @property
    def in_organization(self) -> bool:
        return self.rule.startswith("/o/<org>")

    @property
    def ids(self) -> list[str]:
        """The ids in the address, without the organization's name."""
        return [name for name in PARAMETER.findall(self.rule) if name not in WORDS | {"org"}]

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def routes_of(app: Flask) -> list[Route]:
    return [
        Route(rule.endpoint, method, rule.rule, getattr(app.view_functions[rule.endpoint], "action", None))
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
    ]


def fill(rule: str, value_of: Callable[[str], Any]) -> str:
    """The address of a rule, with a value for each name in it."""
    return PARAMETER.sub(lambda parameter: str(value_of(parameter[1])), rule)


def both_spellings(ids: Mapping[str, Any]) -> dict[str, Any]:
    """By the names of the addresses: `key` is the dashboard's `key_id` and the API's `keyId`."""
    return {f"{name}{ending}": value for name, value in ids.items() for ending in ("_id", "Id")}


MADE_UP = UUID(int=7)


@dataclass(frozen=True)
class Caller:
    """A person with a proof of who they are. `proof` is `session`, the label of a token, or what is wrong with it."""

    person: str
    proof: str
    is_at_home: bool = True  # else: under the other organization's address

    def __str__(self) -> str:
        return f"{self.person} ({self.proof}{'' if self.is_at_home else ', foreign ids under their own address'})"


PAGE_CALLERS = (
    *(Caller(person, "session") for person in STANDING),
    Caller("outsider", "session", is_at_home=False),
    Caller("nobody", "nothing"),
    Caller("admin", "a token at the dashboard"),
)
API_CALLERS = (
    *(Caller("admin", label) for label in ("people", "plain", "member")),
    *(Caller(person, "people") for person in ("member", "demoted", "removed", "suspended", "outsider")),
    Caller("nobody", "nothing"),
    Caller("admin", "a session at the API"),
    Caller("admin", "a wrong secret"),
)


def verdict(route: Route, caller: Caller, permission: str) -> int | None:
    """The status that turns the caller away, from the role table alone; None for who may."""
    if route.is_api:
        return _verdict_at_the_api(route, caller, table.ROWS.get(permission))
    if caller.proof != "session":
        return 302
    if permission == "instance.operate":
        return 404  # nobody was made an operator, and admins are none
    if not route.in_organization:
        return None
    if caller.person == "suspended":
        return 403
    role = STANDING[caller.person]
    if role is None:
        return 404
    row = table.ROWS.get(permission)
    return None if row and row.allows(role, SWITCHES) else 403


def _verdict_at_the_api(route: Route, caller: Caller, row: table.Row | None) -> int | None:
    if caller.proof in NO_PROOFS or caller.person == "removed":
        return 401
    if caller.person == "suspended":
        return 403
    if caller.person == "outsider":
        return 404 if route.ids else None
    role: table.Role = "admin" if caller.person == "admin" and caller.proof != "member" else "member"
    has_tick = caller.proof == "people" and role == "admin"  # it counts while its owner is one
    return None if row and row.allows(role, SWITCHES) and (has_tick or not row.manages_people) else 403
