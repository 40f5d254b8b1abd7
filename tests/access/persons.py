"""Everybody who may come to a door, and what the role table says of them there."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastpix.access_check import callers as matrix
from fastpix.access_check.callers import Route
from tests.access.routes import address, right_input
from tests.access.scene import Scene
from tests.doors import ApiDoor, Doors, PageDoor
from tests.world import World

# What the people of the cast are in acme now, in the words of the matrix.
STANDS_AS = {
    "ada": "admin", "mel": "member", "dana": "demoted", "eve": "removed", "rex": "outsider", "sam": "stranger",
    None: "nobody",
}  # fmt: skip
# Nobody of the cast is suspended: tests/access/test_suspended.py comes to every door as somebody who is.
CAST_AS = {word: who for who, word in STANDS_AS.items()}


class Caller(NamedTuple):
    """A person of the cast with one proof of who they are: `session`, the label of a token, or what is wrong with it."""

    who: str | None
    proof: str

    def __str__(self) -> str:
        return f"{self.who or 'anonymous'} ({self.proof})"


def _of_the_cast(caller: matrix.Caller) -> Caller:
    label = {"plain": "admin"}.get(caller.proof, caller.proof)
    return Caller(CAST_AS[caller.person], label)


PAGE_CALLERS = [
    _of_the_cast(caller) for caller in matrix.PAGE_CALLERS if caller.is_at_home and caller.person in CAST_AS
]
API_CALLERS = [_of_the_cast(caller) for caller in matrix.API_CALLERS if caller.person in CAST_AS]
API_CALLERS += [Caller(who, "member") for who in ("mel", "dana", "eve")]  # tokens that were made for a member's role


def callers(route: Route) -> list[Caller]:
    return API_CALLERS if route.is_api else PAGE_CALLERS


def verdict(route: Route, caller: Caller) -> int | None:
    """The status with which the caller is refused, computed from the role table alone; None for who may."""
    assert route.action is not None
    proof = caller.proof if caller.who else "nothing"
    return matrix.verdict(route, matrix.Caller(STANDS_AS[caller.who], proof), route.action.key)


def scene_of(world: World, route: Route, caller: Caller) -> Scene:
    """Bodies hold ids of the caller's own organization; addresses always acme's."""
    theirs = world.cast.rival if caller.who == "rex" and route.is_api and not route.ids else world.cast.acme
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
    if not route.is_api or route.action is None:
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
