"""The fresh step: which changes ask a person to prove anew who they are, that nothing is stored before, and that the
very same request goes on after it."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from fastpix.access import principal, table
from fastpix.access.action import ACTIONS
from fastpix.db import now
from fastpix.errors import NotFresh
from fastpix.resources.members import domain as members
from tests.access.persons import Caller, scene_of
from tests.access.routes import address, guarded, right_input
from tests.cast import PASSWORD
from tests.stories.tables import change, rows

# The policy, written a second time and by hand: pages whose right input in `routes.py` asks for a fresh step.
ASKED = {
    "organizations.edit",  # the input turns a policy off
    "organizations.delete",
    "workspaces.delete",
    "members.edit",  # makes an admin
    "members.set_role",
    "members_bulk.edit",  # makes one, too
    "members.leave",  # names a successor
    "invitations.edit",  # makes the invite one for an admin
    "signing_keys.create",
    "access_tokens.create",
    "access_tokens.adopt",
    "audit.export",
    "webhooks.create",
    "webhooks.rotate",
    "account.email",
    "second_factor.start",
    "second_factor.activate",
    "second_factor.turn_off",
    "second_factor.renew_codes",
    "second_factor.add_passkey",
    "second_factor.remove_passkey",
}
TITLE = "Confirm that it is you"
FORMS = [route for route in guarded() if not route.is_api and route.method == "POST"]


def grow_stale(world, key="ada"):
    person = world.cast.people[key]
    change(world, "sessions", {"person_id": person.id}, proved_at=now() - timedelta(minutes=11))


def is_asked(answer):
    return TITLE in answer.get_data(as_text=True)


def go_on(page, path, answer, password=PASSWORD, **more):
    """Fill the page "Confirm that it is you" as a browser does: everything hidden in it is sent along."""
    text = answer.get_data(as_text=True)
    form = text[text.index(f'action="{html.escape(path)}"') :]
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[: form.index("</form>")])
    kept = {}
    for name, value in hidden:
        kept.setdefault(html.unescape(name), []).append(html.unescape(value))
    return page.post(path, kept | {"fresh_password": password} | more)


def ask(world, doors, route):
    caller = Caller("ada", "session")
    given = right_input(route, scene_of(world, route, caller))
    page = doors("ada").page
    for name, secret in given.cookies.items():
        page.client.set_cookie(name, secret, path="/invite")
    path = address(route, given.values, "acme")
    return page, path, given, page.post(path, given.body)


@pytest.mark.sqlite
@pytest.mark.parametrize("route", FORMS, ids=str)
def test_exactly_the_named_changes_ask_a_stale_session_and_nothing_is_stored(world, doors, route):
    grow_stale(world)
    before = world.digest()
    _page, _path, given, answer = ask(world, doors, route)
    if route.endpoint not in ASKED:
        assert answer.status_code == given.status and not is_asked(answer)
        return
    assert answer.status_code == 403 and is_asked(answer)
    assert world.digest() == before


@pytest.mark.parametrize("route", [r for r in FORMS if r.endpoint in ASKED], ids=str)
def test_after_the_proof_the_very_same_request_goes_on_once(world, doors, route):
    grow_stale(world)
    page, path, given, answer = ask(world, doors, route)
    before = {row["id"] for row in rows(world, "audit_log")}
    done = go_on(page, path, answer)
    assert done.status_code == given.status and not is_asked(done)
    made = [row["action"] for row in rows(world, "audit_log") if row["id"] not in before]
    assert made.count("account.sign_in") == 1
    if given.status < 400:
        assert made.count(route.action.key) == 1


def test_the_named_are_those_of_the_table(world):
    keys = {route.action.key for route in FORMS if route.endpoint in ASKED}
    assert keys == set(table.FRESH) - {"members.remove", "members.suspend", "members.invite", "members.end_sessions"}, (
        "those depend on more; see below"
    )
    assert {a.key for a in ACTIONS.values() if a.needs_fresh} == {
        k for k, w in table.FRESH.items() if w == table.ALWAYS
    }


@pytest.mark.parametrize(
    ("path", "body", "is_for"),
    [
        ("/o/acme/members/invitations/new", {"emails": "new@acme.example", "access": "all", "role": "admin"}, "invite"),
        ("/o/acme/members/invitations/new", {"emails": "new@acme.example", "access": "all", "role": "member"}, None),
        ("/o/acme/members/{mel}/remove", {}, None),
        ("/o/acme/members/chosen/suspend?member={mel}", {"member": "{mel}"}, None),
        ("/o/acme/members/{mel}/edit", {"role": "member", "access": "all"}, None),
        ("/o/acme/settings/edit", {"name": "Acme two", "slug": "acme", "members_edit_workspaces": "y"}, None),
    ],
)
def test_what_gives_nobody_power_does_not_ask(world, ada, cast, path, body, is_for):
    grow_stale(world)
    mel = cast.acme.members["mel"]
    answer = ada.page.post(path.format(mel=mel), {name: value.format(mel=mel) for name, value in body.items()})
    assert is_asked(answer) == (is_for is not None)


@pytest.mark.parametrize("is_admin", [True, False])
def test_ending_the_sessions_of_an_admin_asks_and_those_of_a_member_does_not(world, ada, mel, cast, is_admin):
    member = cast.acme.members["mel"]
    change(world, "members", {"id": member}, role="admin" if is_admin else "member")
    session = rows(world, "sessions", person_id=cast.people["mel"].id)[0]["id"]
    grow_stale(world)
    for path in (f"/o/acme/members/{member}/sessions/{session}/end", f"/o/acme/members/{member}/sessions/end"):
        before = world.digest()
        answer = ada.page.post(path)
        assert is_asked(answer) == is_admin
        if is_admin:
            assert answer.status_code == 403 and world.digest() == before
            assert mel.page.get("/o/acme/").status_code == 200
    if is_admin:
        assert go_on(ada.page, path, answer).status_code == 303
    assert mel.page.get("/o/acme/").status_code == 302


@pytest.mark.parametrize("what", ["edit", "remove"])
def test_demoting_and_removing_an_admin_ask(world, ada, cast, acting, what):
    mel = cast.acme.members["mel"]
    with acting("ada"):
        members.edit(mel, role="admin")
    grow_stale(world)
    before = world.digest()
    path = f"/o/acme/members/{mel}/{what}"
    answer = ada.page.post(path, {"role": "member", "access": "all"} if what == "edit" else {})
    assert answer.status_code == 403 and is_asked(answer) and world.digest() == before
    assert go_on(ada.page, path, answer).status_code == 303
    kept = rows(world, "members", id=mel)
    assert [row["role"] for row in kept] == (["member"] if what == "edit" else [])


def test_the_wall_is_in_the_verb(world, cast):
    """Whatever a door forgets: the verb itself refuses a person whose proof is old."""
    from dataclasses import replace

    from fastpix.resources.signing_keys import domain as signing_keys

    with world.session():
        stale = replace(cast.actor("ada"), is_fresh=False)
        with principal.acting(stale), pytest.raises(NotFresh):
            signing_keys.create(cast.acme.workspace)
        with principal.acting(stale), pytest.raises(NotFresh):
            members.edit(cast.acme.members["mel"], role="admin")


def test_a_form_that_is_sent_twice_is_still_done_once(world, ada, cast):
    """The one-time key of the first form goes along, and counts."""
    grow_stale(world)
    path = "/o/acme/access-tokens/new"
    body = {"name": "Twice", "workspace": str(cast.acme.workspace), "role": "member", "once_key": "k" * 32}
    answer = ada.page.post(path, body)
    assert is_asked(answer)
    assert go_on(ada.page, path, answer).status_code == 200
    assert ada.page.post(path, body).status_code == 409
    assert len(rows(world, "access_tokens", name="Twice")) == 1


def test_a_wrong_password_keeps_everything_typed_and_stores_nothing(world, ada, cast):
    grow_stale(world)
    before = world.digest()
    path = "/o/acme/members/invitations/new"
    answer = ada.page.post(path, {"emails": 'a@a.example, "b@b.example', "access": "all", "role": "admin"})
    wrong = go_on(ada.page, path, answer, password="wrong wrong wrong")
    assert wrong.status_code == 422 and "This is not your password." in wrong.text
    assert "a@a.example, &#34;b@b.example" in wrong.text and "wrong wrong wrong" not in wrong.text
    assert world.digest() == before
    assert go_on(ada.page, path, wrong).status_code == 200


def test_without_its_csrf_token_the_proof_is_not_even_looked_at(world, ada, cast):
    grow_stale(world)
    path = f"/o/acme/members/{cast.acme.members['mel']}/edit"
    before = world.digest()
    body = {"role": "admin", "access": "all", "fresh_step": "1", "fresh_password": PASSWORD}
    assert ada.page.post(path, body, csrf=False).status_code == 400
    assert world.digest() == before


def test_tokens_commands_and_jobs_are_not_asked(world, ada, cast):
    grow_stale(world)
    made = ada.api.patch(f"iam/members/{cast.acme.members['mel']}", {"role": "admin"})
    assert made.status_code == 200
    with world.session(), principal.acting(principal.system("a test", cast.acme.id, "cli")):
        members.edit(cast.acme.members["mel"], role="member")


def test_the_page_who_can_do_what_says_so(ada):
    text = ada.page.get("/o/acme/access").text
    assert text.count("Asks you to confirm that it is you") == sum(key in table.ROWS for key in table.FRESH)
