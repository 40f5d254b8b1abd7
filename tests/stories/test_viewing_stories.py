"""View as member: an admin sees what a member sees, no more; nobody gains anything by it, and nothing is changed in it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest
from flask_login import current_user

from fastpix.access import action
from fastpix.db import now
from fastpix.resources.members import domain as members
from tests.access.persons import Caller, ask
from tests.access.routes import guarded
from tests.stories.tables import change, rows

START = "/o/acme/view-as-member/"
END = "/account/view-as-member/end"
LOOKS = [r for r in guarded() if not r.is_api and r.in_organization and r.method == "GET"]


@pytest.fixture
def viewing(ada):
    assert ada.page.post(START, {"access": "all"}).status_code == 303
    return ada


# All that may differ: who one is, when one was here, the banner, and what one cannot do while one looks.
WHO_ONE_IS = {
    "mel": {"Mel Member", "mel@mel.example", "Member", "M"},
    "ada": {"Ada Admin", "ada@ada.example", "Admin", "A"},
}
# On a person's page, where it is one's own; the list of members has the same link for everybody.
ONES_OWN_PAGE = {"You", "What you may do", "What Mel Member may do", "Leave organization", "/o/acme/members/leave"}
BANNER = {"You look as a member.", "Nothing can be changed meanwhile.", "End the view", END, "/static/icons.svg#eye"}
CHECKLIST = {"Hide", "the first steps", "/account/checklist"}
# The last is the end of a line of the members' file: when they joined, were here, and what ends their access.
CHANGES_EVERY_TIME = re.compile(
    r"[0-9a-f]{32}|never|\d+ \w{3} \d{4}, \d\d:\d\d UTC|just now|\d+ \w+ ago|^\d+:\d\d$|,\d{4}-\d\d-\d\dT[^,]*(?:,[^,]*){3}$"
)


def shown(answer):
    """Every word of a page, and every address in it, each as often as it is there."""
    text = re.sub(r"<(script|style).*?</\1>", "", answer.text, flags=re.DOTALL)
    words = (word.strip() for word in re.sub(r"<[^>]*>", "\n", text).splitlines())
    addresses = re.findall(r'(?:href|src|action|formaction)="([^"]*)"', text)
    return Counter(CHANGES_EVERY_TIME.sub("*", each) for each in (*words, *addresses) if each)


@pytest.mark.full("every page, twice")
@pytest.mark.parametrize("route", LOOKS, ids=str)
def test_every_page_shows_what_it_shows_a_member(world, ada, route):
    as_member, _ = ask(world, route, Caller("mel", "session"))
    world.reset()
    ada.page.post(START, {"access": "all"})
    as_viewer, _ = ask(world, route, Caller("ada", "session"))
    assert as_viewer.status_code == as_member.status_code
    more, less = shown(as_viewer) - shown(as_member), shown(as_member) - shown(as_viewer)
    own = ONES_OWN_PAGE if route.endpoint == "members.detail" else set()
    assert set(more) <= WHO_ONE_IS["ada"] | BANNER | own
    assert set(less) <= WHO_ONE_IS["mel"] | CHECKLIST | own


def test_a_page_that_showed_an_admin_more_would_be_seen(world, ada, monkeypatch):
    """Breaks the view on purpose: a page that looks at who one is, and not at what one may."""
    answered = world.app.view_functions["members.index"]

    def careless(**values):
        answer = answered(**values)
        if current_user.name == "Ada Admin":
            answer.set_data(answer.get_data(as_text=True).replace("</main>", "<a href='/new'>Invite people</a></main>"))
        return answer

    careless.action = answered.action
    monkeypatch.setitem(world.app.view_functions, "members.index", careless)
    route = next(route for route in LOOKS if route.endpoint == "members.index")
    with pytest.raises(AssertionError, match="Invite people"):
        test_every_page_shows_what_it_shows_a_member(world, ada, route)


def test_the_banner_is_on_every_page_and_leads_back(viewing):
    for path in ("/o/acme/", "/o/acme/members/", "/account"):
        page = viewing.page.get(path).text
        assert "You look as a member." in page and f'action="{END}"' in page
    assert "Access tokens" not in viewing.page.get("/o/acme/").text
    answer = viewing.page.post(END)
    assert answer.location == "/o/acme/"
    page = viewing.page.get("/o/acme/").text
    assert "You look as a member." not in page and "Access tokens" in page


def test_only_the_chosen_workspaces_are_seen(ada, cast):
    chosen = cast.acme.workspaces["development"]
    assert ada.page.post(START, {"access": "these", "workspaces": [str(chosen)]}).status_code == 303
    page = ada.page.get("/o/acme/workspaces/").text
    assert "development" in page and "production" not in page
    assert ada.page.get(f"/o/acme/workspaces/{cast.acme.workspace}").status_code == 404


def test_no_workspace_means_none_and_not_all(ada):
    assert ada.page.post(START, {"access": "these"}).status_code == 303
    assert "production" not in ada.page.get("/o/acme/workspaces/").text


def test_a_foreign_workspace_cannot_be_chosen(world, ada, cast):
    before = world.digest()
    answer = ada.page.post(START, {"access": "these", "workspaces": [str(cast.rival.workspace)]})
    assert answer.status_code == 422 and world.digest() == before


def test_nothing_is_changed_while_looking_and_what_was_typed_is_kept(world, viewing, cast):
    before = world.digest()
    path = f"/o/acme/workspaces/{cast.acme.workspace}/edit"
    answer = viewing.page.post(path, {"name": "Typed with care", "kind": "qa"})
    assert answer.status_code == 409 and "End the view" in answer.text and "Typed with care" in answer.text
    for path, body in (("/o/acme/members/leave", {"successor": ""}), ("/account", {"name": "New"})):
        assert viewing.page.post(path, body).status_code == 409
    assert viewing.page.post("/o/acme/members/invitations/new", {"emails": "x@x.example"}).status_code == 403
    assert world.digest() == before


def test_the_verbs_themselves_refuse_too(world, viewing, cast, monkeypatch):
    """The form's question is a courtesy; the wall is in `action`."""
    from fastpix.web import forms

    monkeypatch.setattr(forms.Form, "while_viewing", True)
    before = world.digest()
    answer = viewing.page.post(f"/o/acme/workspaces/{cast.acme.workspace}/edit", {"name": "Through", "kind": "qa"})
    assert answer.status_code == 409 and world.digest() == before


def test_without_that_wall_a_viewer_would_change_things(world, viewing, cast, monkeypatch):
    """Breaks the guard on purpose."""
    from fastpix.web import forms

    monkeypatch.setattr(forms.Form, "while_viewing", True)
    monkeypatch.setattr(action, "WHILE_VIEWING", frozenset({"workspaces.edit"}))
    answer = viewing.page.post(f"/o/acme/workspaces/{cast.acme.workspace}/edit", {"name": "Through", "kind": "qa"})
    assert answer.status_code == 303


def test_a_member_cannot_begin_it_and_nobody_elsewhere(world, mel, rex):
    before = world.digest()
    assert mel.page.post(START, {"access": "all"}).status_code == 403
    assert rex.page.post(START, {"access": "all"}).status_code == 404
    assert world.digest() == before


def test_it_gives_nothing_in_another_organization(world, ada, cast):
    """Rex views his own organization; Acme stays as closed as it was, and a forged row opens nothing."""
    rex = cast.people["rex"]
    change(
        world,
        "sessions",
        {"person_id": rex.id},
        viewing_organization_id=cast.acme.id,
        viewing_until=now() + timedelta(hours=1),
    )
    from tests.doors import Doors

    door = Doors(world.app, rex)
    assert door.page.get("/o/acme/").status_code == 404
    assert "Access tokens" in door.page.get("/o/rival/").text, "nor does it shrink what is elsewhere"


def test_it_never_outlives_a_demotion_or_a_removal(world, viewing, acting, cast):
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="admin")
    with acting("mel"):
        members.edit(cast.acme.members["ada"], role="member")
    viewing.page.post(END)
    assert viewing.page.get("/o/acme/access-tokens/").status_code == 403
    with acting("mel"):
        members.remove(cast.acme.members["ada"])
    assert viewing.page.get("/o/acme/").status_code == 404


def test_a_member_cannot_widen_their_workspaces_by_a_view(world, mel, cast):
    """A view that somebody had as an admin does not widen what they reach as a limited member."""
    change(world, "members", {"id": cast.acme.members["mel"]}, all_workspaces=False)
    mine = {"person_id": cast.people["mel"].id}
    change(world, "sessions", mine, viewing_organization_id=cast.acme.id, viewing_until=now() + timedelta(hours=1))
    assert "production" not in mel.page.get("/o/acme/workspaces/").text


def test_it_ends_after_an_hour_and_with_the_session(world, viewing):
    change(world, "sessions", {"person_id": viewing.person.id}, viewing_until=now() - timedelta(seconds=1))
    page = viewing.page.get("/o/acme/").text
    assert "You look as a member." not in page and "Access tokens" in page
    viewing.page.post(START, {"access": "all"})
    assert viewing.page.post("/sign-out").status_code == 303


def test_begin_and_end_are_told_and_what_is_denied_meanwhile_is_not(world, viewing):
    assert viewing.page.get("/o/acme/access-tokens/").status_code == 403
    viewing.page.post(END)
    told = {(r["action"], r["result"], r["actor_name"]) for r in rows(world, "audit_log")}
    assert {("members.view_as", "done", "Ada Admin"), ("account.view_as", "done", "Ada Admin")} <= told
    assert not [entry for entry in told if entry[:2] == ("access_tokens.view", "denied")]
