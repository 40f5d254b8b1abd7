"""Everybody who may come to a door, and what the role table says of them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastpix.access import table
from tests.access.inputs import Scene
from tests.access.routes import Route, address, right_input
from tests.doors import ApiDoor, Doors, PageDoor
from tests.world import World

# Standing in acme now.
ROLES: dict[str | None, table.Role | None] = {
    "ada": "admin", "mel": "member", "dana": "member", "rex": None, "eve": None, "sam": None, None: None,
}  # fmt: skip
SWITCHES = frozenset({"members_edit_workspaces"})


@dataclass(frozen=True)
class Caller:
    """A person with one proof of who they are: `session`, the label of a token, or the wrong proof for the door."""

    who: str | None
    proof: str

    def __str__(self) -> str:
        return f"{self.who or 'anonymous'} ({self.proof})"


PAGE_CALLERS = [Caller(who, "session") for who in ROLES] + [Caller("ada", "a token at the dashboard")]
API_CALLERS = [
    Caller("ada", "people"),
    Caller("ada", "admin"),
    Caller("ada", "member"),
    Caller("mel", "people"),
    Caller("mel", "member"),
    Caller("dana", "people"),
    Caller("dana", "member"),
    Caller("rex", "people"),
    Caller("eve", "people"),
    Caller("eve", "member"),
    Caller(None, "nothing"),
    Caller("ada", "a session at the API"),
    Caller("ada", "a wrong secret"),
]


def callers(route: Route) -> list[Caller]:
    return API_CALLERS if route.door == "api" else PAGE_CALLERS


def verdict(route: Route, caller: Caller) -> int | None:
    """The status with which the caller is refused, computed from the role table alone; None for who may."""
    assert route.action is not None
    if route.door == "api":
        return _api_verdict(route, caller)
    if caller.who is None or caller.proof != "session":
        return 302
    if not route.in_organization:
        return None
    role = ROLES[caller.who]
    if role is None:
        return 404
    return None if table.ROWS[route.action.key].allows(role, SWITCHES) else 403


def _api_verdict(route: Route, caller: Caller) -> int | None:
    assert route.action is not None
    row = table.ROWS[route.action.key]
    if caller.who in (None, "eve") or caller.proof.startswith("a "):
        return 401
    if caller.who == "rex":
        return 404 if route.ids else None
    role: table.Role = "admin" if ROLES[caller.who] == "admin" and caller.proof != "member" else "member"
    has_tick = caller.proof == "people"
    return None if row.allows(role, SWITCHES) and (has_tick or not row.manages_people) else 403


def scene_of(world: World, route: Route, caller: Caller) -> Scene:
    """Bodies hold ids of the caller's own organization; addresses always acme's."""
    theirs = world.cast.rival if caller.who == "rex" and route.door == "api" and not route.ids else world.cast.acme
    return Scene(world, caller.who, theirs)


def ask(world: World, route: Route, caller: Caller, *, method: str = "", values: dict[str, Any] | None = None) -> Any:
    """The caller comes to the route with right input: (response, the status right input leads to)."""
    given = right_input(route, scene_of(world, route, caller))
    path = address(route, given.values | (values or {}), world.cast.acme.slug)
    if given.query:
        path = f"{path}?{urlencode(given.query)}"
    method = method or route.method
    door = _door(world, route, caller)
    for name, secret in given.cookies.items():
        door.client.set_cookie(name, secret, path="/invite")
    if isinstance(door, ApiDoor):
        body = given.body if (method in ("POST", "PATCH") or given.body) and route.action is not None else None
        return door.open(method, path, json=body), given.status
    options: dict[str, Any] = {"data": given.body} if method == "POST" else {}
    if caller.proof == "a token at the dashboard":
        token = world.cast.people["ada"].tokens["people"]
        options["auth"] = (str(token.id), token.secret)
    return door.open(method, path, **options), given.status


def _door(world: World, route: Route, caller: Caller) -> PageDoor | ApiDoor:
    person = world.cast.people[caller.who] if caller.who else None
    if route.door == "page" or route.action is None:
        return PageDoor(world.app, person.session if person and caller.proof == "session" else "")
    if person is None or not person.tokens:
        return ApiDoor(world.app)
    if caller.proof == "a session at the API":
        cookies = PageDoor(world.app, person.session)
        door = ApiDoor(world.app)
        door.client = cookies.client
        return door
    if caller.proof == "a wrong secret":
        door = ApiDoor(world.app, person.tokens["people"])
        door.token = type(door.token)(door.token.id, door.token.secret[:-1] + "~", door.token.name)
        return door
    return Doors(world.app, person).api_with(caller.proof)
