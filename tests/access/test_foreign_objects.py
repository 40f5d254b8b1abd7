"""Ids of the rival organization under one's own addresses, in path, query and body: nothing there, nothing stored."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

import pytest

from tests.access.persons import Caller, scene_of
from tests.access.routes import address, guarded, ids_of, right_input

# In rival's own answers these stand for something; in acme's they may never.
ADA = Caller("ada", "session")


def rivals(house):
    """Every id of an organization, by kind."""
    return {
        "member": house.members["rex"],
        "workspace": house.workspace,
        "invitation": house.invitation,
        "signing_key": house.signing_key,
        "token": house.tokens["rex member"].id,
        "organization": house.id,
        "media": house.shelf.media,
        "playback id": house.shelf.playback_id,
        "track": house.shelf.track,
        "upload": house.shelf.upload,
        "playlist": house.playlist,
        "live stream": house.shelf.stream,
        "live playback id": house.shelf.live_playback_id,
        "simulcast target": house.shelf.simulcast,
        "webhook": house.webhook,
        "delivery": house.delivery,
    }


def markers(world):
    house = world.cast.rival
    rex = world.cast.people["rex"]
    # "production" is the name of a workspace everywhere: ids tell apart
    return [str(i) for i in rivals(house).values()] + [rex.name, rex.email, house.invited, house.name + "<"]


def _with_ids(door):
    return [
        r
        for r in guarded()
        if ("api" if r.is_api else "page") == door and r.ids and (door == "api" or r.in_organization)
    ]


def _that_would_fit(world, route):
    return {name: ids_of(route)[name](world.cast.rival) for name in route.ids if name in ids_of(route)}


@pytest.mark.parametrize("route", _with_ids("page") + _with_ids("api"), ids=str)
def test_a_foreign_id_in_the_address_is_not_there(world, ada, route):
    """The id that would fit, and one of nothing."""
    unknown = dict.fromkeys(route.ids, uuid.uuid4())
    are_not_there(world, ada, route, {"that would fit": unknown | _that_would_fit(world, route), "random": unknown})


@pytest.mark.full("16 ids a route")
@pytest.mark.sqlite
@pytest.mark.parametrize("route", _with_ids("page") + _with_ids("api"), ids=str)
def test_a_foreign_id_of_no_kind_is_there(world, ada, route):
    kinds = rivals(world.cast.rival).items()
    are_not_there(world, ada, route, {kind: dict.fromkeys(route.ids, foreign) for kind, foreign in kinds})


def are_not_there(world, ada, route, foreign):
    """404 for each of these ids in the address, with right input otherwise, and nothing stored."""
    given = right_input(route, scene_of(world, route, ADA))
    before = world.digest()
    for kind, values in foreign.items():
        path = address(route, values, world.cast.acme.slug)
        path += f"?{urlencode(given.query)}" if given.query else ""
        if route.is_api:
            body = given.body if route.method in ("POST", "PATCH") or given.body else None
            answer = ada.api.open(route.method, path, json=body)
        else:
            answer = ada.page.open(route.method, path, **({"data": given.body} if route.method == "POST" else {}))
        assert answer.status_code == 404, f"{kind}: {answer.status_code}"
    assert world.digest() == before


@pytest.mark.parametrize("route", _with_ids("page"), ids=str)
@pytest.mark.sqlite
def test_acmes_ids_under_rivals_address_are_not_there_either(world, rex, route):
    given = right_input(route, scene_of(world, route, ADA))
    before = world.digest()
    path = address(route, given.values, world.cast.rival.slug)
    answer = rex.page.open(route.method, path, **({"data": given.body} if route.method == "POST" else {}))
    assert answer.status_code == 404
    assert world.digest() == before


QUERIES = ("workspace", "after", "before", "page", "q", "query", "role", "organization_id", "org")


@pytest.mark.full("lists are filtered by the session, which test_tenancy.py asks itself")
@pytest.mark.sqlite
@pytest.mark.parametrize(
    "names",
    [[QUERIES], pytest.param([[name] for name in QUERIES], marks=pytest.mark.full("9 requests instead of one"))],
    ids=["all names at once", "one name at a time"],
)
@pytest.mark.parametrize(
    "route", [r for r in guarded() if r.in_organization and r.method == "GET" and not r.ids], ids=str
)
def test_a_foreign_id_in_the_query_shows_nothing_of_it(world, ada, route, names):
    before, forbidden, path = world.digest(), markers(world), address(route, {}, "acme")
    for foreign in rivals(world.cast.rival).values():
        cursor = f"2026-01-01T00:00:00+00:00_{foreign}"
        for together in names:
            query = {name: cursor if name in ("after", "before") else str(foreign) for name in together}
            answer = ada.page.get(path, query_string=query)
            assert answer.status_code in (200, 404, 422), answer.status_code
            shown = answer.text.replace(str(foreign), "")  # the page may say again what was asked for
            assert [m for m in forbidden if m in shown] == [], query
    assert world.digest() == before


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in guarded() if r.is_api and r.method == "GET" and not r.ids], ids=str)
def test_a_foreign_id_in_an_api_query_shows_nothing_of_it(world, ada, route):
    for foreign in rivals(world.cast.rival).values():
        status = right_input(route, scene_of(world, route, ADA)).status
        query = dict.fromkeys(("workspaceId", "workspace", "organizationId", "query"), str(foreign))
        answer = ada.api.get(route.rule, query_string=query)
        assert answer.status_code in (status, 422)
        assert [m for m in markers(world) if m in answer.text] == []


BODIES_OF_PAGES = [
    ("/o/acme/members/{mel}/edit", {"role": "member", "access": "these", "workspaces": "workspace"}),
    (
        "/o/acme/members/invitations/new",
        {"emails": "a@b.example", "role": "member", "access": "these", "workspaces": "workspace"},
    ),
    ("/o/acme/members/invitations/{invitation}/edit", {"role": "member", "access": "these", "workspaces": "workspace"}),
    ("/o/acme/members/leave", {"successor": "member"}),
    ("/o/acme/signing-keys/new", {"workspace": "workspace"}),
    ("/o/acme/webhooks/new", {"url": "https://1.1.1.1/x", "which": "all", "workspace": "workspace"}),
    ("/o/acme/access-tokens/new", {"name": "x", "role": "member", "workspace": "workspace"}),
]
BODIES_OF_THE_API = [
    ("PATCH", "iam/members/{mel}", {"workspaces": ["workspace"]}),
    ("POST", "iam/invitations", {"emails": ["a@b.example"], "role": "member", "workspaces": ["workspace"]}),
    ("PATCH", "iam/invitations/{invitation}", {"workspaces": ["workspace"]}),
    ("POST", "iam/leave", {"successorId": "member"}),
    ("POST", "iam/access-tokens", {"name": "x", "role": "member", "workspaceId": "workspace"}),
]


def _filled(body, foreign):
    """The body with every word that stands for an id replaced by the id."""
    put = {"workspace": foreign, "member": foreign}
    return {
        name: [str(put.get(v, v)) for v in value] if isinstance(value, list) else str(put.get(value, value))
        if name != "role" else value
        for name, value in body.items()
    }  # fmt: skip


def _own(world):
    return {"mel": world.cast.acme.members["mel"], "invitation": world.cast.acme.invitation}


@pytest.mark.parametrize(("path", "body"), BODIES_OF_PAGES, ids=lambda v: v if isinstance(v, str) else "")
def test_a_foreign_id_in_a_form_is_refused(world, ada, path, body):
    before = world.digest()
    for foreign in [*rivals(world.cast.rival).values(), uuid.uuid4()]:
        answer = ada.page.post(path.format(**_own(world)), _filled(body, foreign))
        assert answer.status_code == 422
        assert world.digest() == before


@pytest.mark.parametrize(("method", "path", "body"), BODIES_OF_THE_API, ids=lambda v: v if isinstance(v, str) else "")
def test_a_foreign_id_in_a_json_body_is_refused(world, ada, method, path, body):
    before = world.digest()
    for foreign in [*rivals(world.cast.rival).values(), uuid.uuid4()]:
        answer = ada.api.open(method, path.format(**_own(world)), json=_filled(body, foreign))
        assert answer.status_code == 422, answer.text
        assert world.digest() == before


FORBIDDEN_FIELDS = {
    "organizationId": "organization", "organization_id": "organization", "id": "member", "personId": "member",
    "person_id": "member", "memberCount": 99, "member_version": 99, "ownerId": "member", "owner_id": "member",
    "secretHash": "0" * 64, "mayManagePeople2": True, "usedAt": "2026-01-01T00:00:00Z", "slugs": "x",
}  # fmt: skip


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in guarded() if r.is_api and r.method in ("POST", "PATCH")], ids=str)
def test_unknown_fields_of_a_json_body_are_refused(world, ada, route):
    """Mass assignment: a column of the model is not a field of the wire."""
    scene = scene_of(world, route, Caller("ada", "people"))
    given = right_input(route, scene)
    path = address(route, given.values, "acme")
    before = world.digest()
    for name, value in FORBIDDEN_FIELDS.items():
        foreign = rivals(world.cast.rival).get(value, value) if isinstance(value, str) else value
        sent = given.body | {name: str(foreign) if isinstance(foreign, uuid.UUID) else foreign}
        answer = ada.api.open(route.method, path, json=sent)
        expected = 501 if given.status == 501 and not given.body else 422  # without a body nothing is read
        assert answer.status_code == expected, f"{name}: {answer.status_code}"
        assert world.digest() == before


# Ids that no organization owns, and why their kind cannot be another's.
OF_NO_ORGANIZATION = {
    "session_id": "a session is a person's",
    "sessionId": "a session is a person's; whose it is, tests/stories/test_sessions_of_others_stories.py looks at",
    "passkey_id": "a passkey is a person's",
    "job_id": "jobs are the operator's",
}


def test_every_kind_of_id_is_probed(world):
    foreign = {str(each) for each in rivals(world.cast.rival).values()}
    for route in guarded():
        for name in set(route.ids) - set(OF_NO_ORGANIZATION):
            assert name in ids_of(route), f"{route}: no id of the rival's for {name}"
            there = str(ids_of(route)[name](world.cast.rival))
            assert there in foreign | {each.replace("-", "") for each in foreign}, f"{route}: {name} is not tried"
