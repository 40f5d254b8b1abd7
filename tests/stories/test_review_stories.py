"""Stories that a review found open, each kept shut by a test."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from fastpix.accounts import sessions
from fastpix.db import db, now
from fastpix.resources.access_tokens import domain
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.people import domain as people
from tests.cast import PASSWORD
from tests.doors import PageDoor

NEW = "a much better password"


def squat(office, address="vic@vic.example"):
    """Somebody sits on an account with a foreign address and has asked to change it: (browser, path of the link)."""
    with office.world.session():
        vic = people.add(address, "Not Vic", PASSWORD, is_verified=False)
        secret = sessions.start(vic.id, timedelta(days=1), is_remembered=False, address="", user_agent="")
    browser = PageDoor(office.app, secret)
    assert browser.post("/account/email", {"email": "evil@evil.example"}).status_code == 303
    return browser, office.path("evil@evil.example", "email_change")


def opens(browser, path):
    """What a mailed link leads to."""
    browser.get(path)
    return browser.get("/email").status_code


def test_an_address_change_asked_by_a_squatter_dies_when_the_owner_takes_the_account(office):
    """Else the squatter would open the old mail, move the account to their address, and reset its password."""
    squatter, link = squat(office)
    office.doors("ada").api.post("iam/invitations", {"emails": ["vic@vic.example"], "role": "admin"})
    vic = PageDoor(office.app)
    vic.get(office.path("vic@vic.example", "invitation"))
    assert vic.post("/invite/prove", {"password": NEW}).status_code == 303
    assert opens(squatter, link) == 410


def test_an_address_change_asked_before_dies_with_a_changed_password(office):
    squatter, link = squat(office)
    owner = PageDoor(office.app)
    owner.post("/sign-in", {"email": "vic@vic.example", "password": PASSWORD})
    assert owner.post("/account/password", {"current": PASSWORD, "new": NEW}).status_code == 303
    assert opens(squatter, link) == 410


def test_a_reset_link_sent_to_the_old_address_dies_with_it(office):
    squatter, link = squat(office)
    squatter.post("/forgot", {"email": "vic@vic.example"})
    reset = office.path("vic@vic.example", "password_reset")
    squatter.get(link)
    assert squatter.post("/email").status_code == 303
    stranger = PageDoor(office.app)
    stranger.get(reset)
    assert stranger.get("/reset").status_code == 410


@pytest.mark.parametrize("cursor", ["0001-01-01T00:00:00+23:59_{id}", "9999-12-31T23:59:59-23:59_{id}", "x_y", "_"])
def test_a_hostile_cursor_shows_the_first_page(ada, cursor):
    answer = ada.page.get("/o/acme/members/", query_string={"after": cursor.format(id=ada.member_id)})
    assert answer.status_code == 200
    assert "Mel Member" in answer.get_data(as_text=True)


def test_an_expiry_beyond_all_time_is_bad_input(ada, cast):
    body = {"name": "x", "workspaceId": str(cast.acme.workspace), "role": "member"}
    answer = ada.api.post("iam/access-tokens", body | {"expiresAt": "9999-12-31T23:59:59-23:59"})
    assert answer.status_code == 422
    assert answer.json["error"]["fields"][0]["field"] == "expiresAt"


@pytest.mark.parametrize("name", ["a\u200bb", "a\u202eb", "Visit http://evil.example now"])
def test_a_name_that_deceives_is_refused(ada, name):
    assert ada.api.post("iam/workspaces", {"name": name}).status_code == 422
    assert ada.api.patch("iam/organization", {"name": name}).status_code == 422


def test_nul_is_never_a_fault_of_the_server(ada):
    for answer in (
        ada.api.get("iam/members?query=%00"),
        ada.page.get("/o/acme/members/?q=%00"),
        ada.page.get("/o/%00/"),
        ada.api.post("iam/workspaces", {"name": "a\0b"}),
        ada.page.post("/o/acme/workspaces/new", {"name": "a", "kind": "qa", "description": "\0", "once_key": "k"}),
    ):
        assert answer.status_code < 500


def test_equal_creates_at_the_same_moment_make_one_thing(ada, cast):
    """Clients repeat a create whose answer was lost; the key makes it one, also when both arrive together."""
    body = {"name": "once", "workspaceId": str(cast.acme.workspace), "role": "member"}
    barrier, answers = threading.Barrier(4), []

    def send():
        barrier.wait()
        answers.append(ada.api.post("iam/access-tokens", body, headers={"Idempotency-Key": "the same"}))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {201}
    assert len({a.json["data"]["secret"] for a in answers}) == 1
    listed = ada.api.get("iam/access-tokens?limit=50").json["data"]
    assert sum(row["name"] == "once" for row in listed) == 1


def test_an_expired_token_cannot_be_adopted(ada, cast, acting):
    with acting("ada"):
        made = domain.create("short", cast.acme.workspace, "member", expires_at=now() + timedelta(hours=1))
        token = db.session.query(AccessToken).filter(AccessToken.id == made["id"]).one()
        token.expires_at = now() - timedelta(hours=1)
        db.session.flush()
    assert ada.api.post(f"iam/access-tokens/{made['id']}/adopt").status_code == 409


@pytest.mark.parametrize("button", ["/account/theme", "/account/sessions/end-others"])
def test_a_button_with_a_stale_token_says_that_nothing_was_done(ada, button):
    answer = ada.page.post(button, {"theme": "dark"}, csrf=False, follow_redirects=True)
    assert "Nothing was changed" in answer.get_data(as_text=True)
