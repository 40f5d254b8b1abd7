"""One's own account: name, theme, password, sessions, deleting it, founding another organization."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastpix.accounts import domain, sessions
from fastpix.errors import Missing, Refused
from tests.cast import PASSWORD, cookie_name
from tests.doors import PageDoor
from tests.stories.tables import everything, rows

NEW = "a quite different phrase"


def another_browser(world, person):
    page = PageDoor(world.app)
    assert page.post("/sign-in", {"email": person.email, "password": PASSWORD}).status_code == 303
    return page


def test_a_new_password_ends_all_other_sessions(world, mel):
    elsewhere = another_browser(world, mel)
    answer = mel.page.post("/account/password", {"current": PASSWORD, "new": NEW})
    assert answer.status_code == 303 and answer.location == "/account"
    assert mel.page.client.get_cookie(cookie_name(world.app)).value != mel.session, "a new id"
    assert mel.page.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert len(rows(world, "sessions", person_id=mel.id)) == 1
    page = PageDoor(world.app)
    assert page.post("/sign-in", {"email": mel.email, "password": PASSWORD}).status_code == 422
    assert page.post("/sign-in", {"email": mel.email, "password": NEW}).status_code == 303


@pytest.mark.parametrize(("current", "new"), [("wrong wrong", NEW), (PASSWORD, "short"), ("", NEW), (PASSWORD, "")])
def test_a_password_is_not_changed_without_the_present_one_or_to_a_bad_one(world, mel, current, new):
    before = world.digest()
    answer = mel.page.post("/account/password", {"current": current, "new": new})
    assert answer.status_code == 422 and world.digest() == before
    assert PASSWORD not in answer.get_data(as_text=True) and NEW not in answer.get_data(as_text=True)


def test_guessing_the_present_password_is_limited(world, mel, monkeypatch):
    monkeypatch.setitem(world.app.config, "FASTPIX", replace(world.app.config["FASTPIX"], sign_in_attempts=2))
    form = {"current": "wrong wrong wrong", "new": NEW}
    statuses = [mel.page.post("/account/password", form).status_code for _ in range(3)]
    assert statuses == [422, 422, 429]
    assert mel.page.post("/account/password", {"current": PASSWORD, "new": NEW}).status_code == 429


def test_the_list_shows_ones_own_sessions_only_and_ends_one(world, mel, sam, cast):
    elsewhere = another_browser(world, mel)
    with world.session():
        mine = sessions.listed(mel.id)
        theirs = sessions.listed(sam.id)[0]["id"]
    agents = {row["id"]: row["user_agent"] for row in rows(world, "sessions")}
    assert sorted(agents[s["id"]][:8] for s in mine) == ["Werkzeug", "a test"]
    assert mel.page.get("/account/sessions").status_code == 200
    gone = next(s["id"] for s in mine if agents[s["id"]] != "a test")
    assert mel.page.post(f"/account/sessions/{theirs}/end").status_code == 404
    assert sam.page.get("/account").status_code == 200
    assert mel.page.post(f"/account/sessions/{gone}/end").status_code == 303
    assert elsewhere.get("/account").status_code == 302
    assert mel.page.get("/account").status_code == 200


def test_somebody_elses_session_is_missing_for_the_verb_too(world, mel, sam, acting):
    theirs = rows(world, "sessions", person_id=sam.id)[0]["id"]
    with pytest.raises(Missing), acting("mel"):
        sessions.end(mel.id, theirs)


def test_ending_the_others_keeps_this_one(world, mel):
    browsers = [another_browser(world, mel) for _ in range(3)]
    assert mel.page.post("/account/sessions/end-others").status_code == 303
    assert b"3 other sessions were ended." in mel.page.get("/account/sessions").data
    assert [page.get("/account").status_code for page in browsers] == [302] * 3


@pytest.mark.sqlite
def test_a_name_is_changed_and_cleaned(world, mel):
    assert mel.page.post("/account", {"name": "  Mel   van\tX "}).status_code == 303
    person = rows(world, "people", id=mel.id)[0]
    assert (person["name"], person["name_folded"]) == ("Mel van X", "mel van x")
    for bad in ("", "   ", "x" * 121):
        assert mel.page.post("/account", {"name": bad}).status_code == 422
    assert rows(world, "people", id=mel.id)[0]["name"] == "Mel van X"


@pytest.mark.sqlite
@pytest.mark.parametrize("theme", ["dark", "light", ""])
def test_a_theme_is_kept(world, mel, theme):
    assert mel.page.post("/account/theme", {"theme": theme}).status_code == 303
    assert rows(world, "people", id=mel.id)[0]["theme"] == theme


@pytest.mark.sqlite
def test_a_made_up_theme_changes_nothing(world, mel):
    before = world.digest()
    assert mel.page.post("/account/theme", {"theme": '"><script>'}).status_code == 302
    assert world.digest() == before


def test_an_account_is_not_deleted_while_it_is_a_member_anywhere(world, mel):
    before = world.digest()
    answer = mel.page.post("/account/delete", {"password": PASSWORD})
    assert answer.status_code == 409 and b"You are still a member of Acme." in answer.data
    assert world.digest() == before


def test_an_account_is_deleted_with_its_password_and_nothing_else_goes(world, sam):
    before = everything(world)
    assert sam.page.post("/account/delete", {"password": "wrong wrong wrong"}).status_code == 422
    assert rows(world, "people", id=sam.id)
    assert sam.page.post("/account/delete", {"password": PASSWORD}).status_code == 303
    assert rows(world, "people", id=sam.id) == [] and rows(world, "sessions", person_id=sam.id) == []
    after = everything(world)
    assert before["members"] == after["members"] and before["organizations"] == after["organizations"]
    assert len(before["people"]) == len(after["people"]) + 1
    assert sam.page.get("/account").status_code == 302
    assert "Your account was deleted." in sam.page.get("/sign-in").text


def test_after_leaving_one_may_delete_the_account(world, mel):
    assert mel.page.post("/o/acme/members/leave").status_code == 303
    assert mel.page.post("/account/delete", {"password": PASSWORD}).status_code == 303
    assert rows(world, "people", id=mel.id) == []


def test_the_verb_refuses_as_the_page_does(world, mel, acting):
    browser = domain.Browser("127.0.0.1", "a test", "x" * 43)
    with pytest.raises(Refused, match="still a member"), acting("mel"):
        domain.delete(world.settings, mel.id, PASSWORD, browser=browser)


@pytest.mark.sqlite
def test_a_person_founds_a_further_organization_once_a_form(world, sam):
    form = {"name": "Sam's Films", "once_key": "k" * 32}
    first = sam.page.post("/organizations/new", form)
    assert first.status_code == 303 and first.location == "/o/sam-s-films/"
    assert sam.page.get("/o/sam-s-films/members/").status_code == 200
    again = sam.page.post("/organizations/new", form)
    assert again.status_code == 409, "the same form sent twice"
    assert len([row for row in rows(world, "organizations") if row["name"] == "Sam's Films"]) == 1


def test_founding_can_be_turned_off(world, sam, monkeypatch):
    monkeypatch.setitem(world.app.config, "FASTPIX", replace(world.app.config["FASTPIX"], organization_creation=False))
    before = world.digest()
    assert sam.page.get("/organizations/new").status_code == 409
    assert sam.page.post("/organizations/new", {"name": "Mine"}).status_code == 409
    assert world.digest() == before


@pytest.mark.sqlite
def test_password_managers_find_the_page(mel):
    assert mel.page.get("/.well-known/change-password").location == "/account/password"
