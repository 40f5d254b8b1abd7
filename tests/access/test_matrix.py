"""Every registered endpoint x method x person x door: the exact status, and nothing stored after any refusal.

The routes come from the URL map, the verdicts from the role table; see `routes.py` and `persons.py`.
"""

from __future__ import annotations

import html
import re
import uuid

import pytest

from fastpix.access import table
from fastpix.app import PUBLIC
from tests.access.inputs import INPUTS
from tests.access.persons import PAGE_CALLERS, Caller, ask, callers, verdict
from tests.access.routes import POLICY, Route, guarded, routes
from tests.stories.tables import rows

ADMIN = "Ada Admin"


def faults(world, route: Route, method: str = "") -> list[str]:
    """All that is wrong with the answers of one guarded route, a sentence each."""
    return [fault for caller in callers(route) for fault in _faults(world, route, caller, method or route.method)]


def _faults(world, route, caller, method):
    refused = verdict(route, caller)
    response, status = ask(world, route, caller, method=method)
    expected = refused or status
    if response.status_code != expected:
        yield f"{method} {route.rule} by {caller}: {response.status_code} instead of {expected}"
    if refused and method != "HEAD" and response.status_code == refused:
        yield from _wording(world, route, caller, response)
    if refused:
        yield from _traces(world, route, caller, refused)
    if not refused and expected < 400:
        world.reset()
    elif world.digest() != world.untouched:
        yield f"{method} {route.rule} by {caller}: refused with {response.status_code}, and yet something was stored"
        world.reset()


def _traces(world, route, caller, refused):
    """A denied attempt of somebody known is in the audit log, once; strangers leave nothing there."""
    person = world.cast.people.get(caller.who)
    known = (person.tokens.get(caller.proof) or person).id if person and refused == 403 else None
    told = rows(
        world, "audit_log", result="denied", action=route.action.key, **({"actor_id": str(known)} if known else {})
    )
    if known and len(told) != 1:
        yield f"{route} by {caller}: {len(told)} rows of the audit log tell that it was denied"
    if refused != 403 and any(row["actor_id"] == "nobody" for row in told):
        yield f"{route} by {caller}: a stranger is in the audit log"


def _wording(world, route, caller, response):
    said = f"{route} by {caller}"
    if response.status_code == 302 and not response.location.startswith("/sign-in"):
        yield f"{said}: sent to {response.location} instead of the sign-in"
    if route.is_api and (not response.is_json or response.json["error"]["code"] != response.status_code):
        yield f"{said}: no error envelope"
    if response.status_code != 403:
        return
    is_api = route.is_api
    text = response.json["error"]["message"] if is_api else _text(response)
    role = "admin" if caller == Caller("ada", "admin") else "member"
    your_role = f"your role here is {role}" if is_api else f"your role {role}"
    for part in (route.action.key, your_role, ADMIN, table.ROWS[route.action.key].does):
        if part.lower() not in text.lower():
            yield f"{said}: the refusal does not say {part!r}"
    if route.ids:
        other, _ = ask(world, route, caller, values={name: uuid.uuid4() for name in route.ids})
        if (other.status_code, _bare(other)) != (403, _bare(response)):
            yield f"{said}: the refusal tells whether the thing exists"


def _text(response):
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", response.text)).split())


def _bare(response):
    """The answer without what differs every time: ids of requests and things, CSRF tokens."""
    text = re.sub(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", "*", response.text)
    return re.sub(r"(csrf_token[^>]*?(?:value|content)=)\"[^\"]*\"", r"\1", text)


@pytest.mark.parametrize("route", guarded(), ids=str)
def test_everybody_gets_exactly_what_the_role_table_says(world, route):
    found = faults(world, route)
    assert not found, "\n".join(found)


@pytest.mark.full("the view that answers GET answers HEAD")
@pytest.mark.sqlite
@pytest.mark.parametrize("route", [route for route in guarded() if route.method == "GET"], ids=str)
def test_head_is_guarded_as_get_is(world, route):
    found = faults(world, route, "HEAD")
    assert not found, "\n".join(found)


def test_every_endpoint_asks_for_the_permission_the_policy_names():
    assert [str(route) for route in guarded() if asks_for(route) != POLICY.get(route.endpoint)] == []


def asks_for(route: Route) -> str:
    assert route.action is not None
    return route.action.key


def test_the_policy_names_no_endpoint_that_is_gone():
    assert set(POLICY) == {route.endpoint for route in guarded()}
    assert {endpoint for endpoint, _ in INPUTS} <= {route.endpoint for route in routes()}


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in routes() if r.endpoint in PUBLIC], ids=str)
def test_public_endpoints_answer_everybody_as_they_should(world, route):
    answers, expected = {}, {}
    for caller in PAGE_CALLERS[:-1]:
        response, expected[str(caller)] = ask(world, route, caller)
        answers[str(caller)] = response.status_code
        world.reset()
    assert answers == expected


@pytest.mark.full("Flask's own answer, for every address")
@pytest.mark.sqlite
@pytest.mark.parametrize(
    "people",
    [["mel"], pytest.param(["ada", None], marks=pytest.mark.full("the URL map knows nobody"))],
    ids=["a member", "others"],
)
@pytest.mark.parametrize("rule", sorted({r.rule for r in routes()}))
def test_methods_that_are_not_registered_are_405_for_everybody(world, rule, people):
    route = next(r for r in routes() if r.rule == rule)
    known = {r.method for r in routes() if r.rule == rule}
    before = world.digest()
    for caller in [Caller(who, "session") for who in people]:
        who = Caller(caller.who, "people" if caller.who else "nothing") if route.is_api else caller
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
            response, _ = ask(world, route, who, method=method)
            assert (response.status_code, response.headers.get("Allow", "")) != (405, ""), f"{method} {rule}: no Allow"
            assert response.status_code == 405, f"{method} {rule} by {who}"
    assert world.digest() == before


@pytest.mark.sqlite
def test_options_tells_methods_and_nothing_else(world, mel):
    before = world.digest()
    assert mel.api.open("OPTIONS", "iam/signing-keys").status_code == 200
    assert mel.api.open("OPTIONS", "iam/signing-keys").data == b""
    assert world.digest() == before
