"""Old cookies, ended sessions, roles kept too long, two doors at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fastpix.accounts import sessions
from fastpix.db import now
from fastpix.resources.members import domain as members
from tests.cast import PASSWORD, cookie_name
from tests.doors import PageDoor
from tests.stories.tables import change, rows

NEW = "a quite different phrase"

# Class 14: a role or an organization kept in the session.


def test_a_live_session_follows_the_database_at_the_next_request(world, mel, cast):
    """Written past all code, as another process would: nothing is cached."""
    assert mel.page.get("/o/acme/signing-keys/").status_code == 403
    change(world, "members", {"id": cast.acme.members["mel"]}, role="admin")
    assert mel.page.get("/o/acme/signing-keys/").status_code == 200
    change(world, "members", {"id": cast.acme.members["mel"]}, role="member")
    assert mel.page.get("/o/acme/signing-keys/").status_code == 403


def test_the_organization_is_in_the_address_and_not_in_the_session(world, ada, rex, cast):
    """Looking at one organization leaves no pointer from which another request takes a right."""
    assert ada.page.get("/o/acme/").status_code == 200
    for path in (
        "/o/rival/",
        f"/o/rival/signing-keys/{cast.rival.signing_key}",
        f"/o/acme/signing-keys/{cast.rival.signing_key}",
    ):
        assert ada.page.get(path).status_code == 404
    with ada.page.client.session_transaction() as state:
        assert set(state) <= {"csrf_token", "_flashes", "_fresh", "organization"}
        state["organization"] = (
            "rival"  # whose menu is shown on pages of none; it opens nothing, and shows one's own alone
        )
    assert ada.page.get("/o/rival/").status_code == 404 and "/o/rival/" not in ada.page.get("/account").text


# Class 15: a cookie that was saved before.


def _replayed(world, person):
    answer = PageDoor(world.app, person.session).get("/account")
    return answer.status_code


@pytest.mark.parametrize(
    "how", ["sign-out", "password", "ended elsewhere", "all others ended", "reset by the operator"]
)
def test_a_replayed_session_cookie_gets_nothing(world, mel, cast, how):
    assert _replayed(world, mel.person) == 200
    other = PageDoor(world.app)
    if how == "sign-out":
        assert mel.page.post("/sign-out").status_code == 303
    elif how == "password":
        assert mel.page.post("/account/password", {"current": PASSWORD, "new": NEW}).status_code == 303
        assert mel.page.get("/account").status_code == 200, "the browser that changed it goes on with a new session"
    elif how == "reset by the operator":
        from fastpix.accounts import operator

        with world.session():
            operator.reset_password(mel.email, NEW)
    else:
        assert other.post("/sign-in", {"email": mel.email, "password": PASSWORD}).status_code == 303
        mine = rows(world, "sessions", token_hash=_hash(mel.session))[0]["id"]
        path = f"/account/sessions/{mine}/end" if how == "ended elsewhere" else "/account/sessions/end-others"
        assert other.post(path).status_code == 303
        assert other.get("/account").status_code == 200
    assert _replayed(world, mel.person) == 302
    assert rows(world, "sessions", token_hash=_hash(mel.session)) == []


def _hash(secret):
    from fastpix.crypto import tokens

    return tokens.digest(secret)


def test_a_remembered_cookie_dies_at_sign_out_too(world, anonymous, mel):
    page = anonymous.page
    page.post("/sign-in", {"email": mel.email, "password": PASSWORD, "remember": "y"})
    kept = page.client.get_cookie(cookie_name(world.app)).value
    assert page.post("/sign-out").status_code == 303
    assert PageDoor(world.app, kept).get("/account").status_code == 302


def test_after_removal_the_session_sees_nothing_of_the_organization(world, mel, acting, cast):
    with acting("ada"):
        members.remove(cast.acme.members["mel"])
    before = world.digest()
    for path in ("/o/acme/", "/o/acme/members/", f"/o/acme/workspaces/{cast.acme.workspace}", "/o/acme/access"):
        answer = PageDoor(world.app, mel.session).get(path)
        assert answer.status_code == 404 and b"Acme" not in answer.data
    assert PageDoor(world.app, mel.session).post("/o/acme/leave").status_code in (404, 405)
    assert world.digest() == before


def test_without_the_deletion_of_the_row_the_replay_would_succeed(world, mel, monkeypatch):
    """Breaks the guard on purpose: signing out by cookie alone is what class 15 is about."""
    monkeypatch.setattr(sessions, "end_one", lambda session_id: None)
    assert mel.page.post("/sign-out").status_code == 303
    assert _replayed(world, mel.person) == 200


@pytest.mark.parametrize("cookie", ["", "x", "' OR 1=1 --", "a" * 3000, "ÿþ", "00000000-0000-0000-0000-000000000000"])
def test_a_made_up_cookie_is_nobodys(world, cookie):
    assert PageDoor(world.app, cookie).get("/account").status_code == 302


# Class 16: a session that is written back after it was ended.


def test_an_ended_session_is_not_written_back_at_the_end_of_the_request(world, mel, monkeypatch):
    change(world, "sessions", {"token_hash": _hash(mel.session)}, last_seen_at=now() - timedelta(hours=1))
    seen, ended = sessions.note_seen, []

    def ended_meanwhile(session_id, address):
        from fastpix.db import db

        sessions.end_one(session_id)  # what another request did between this one's load and save
        db.session.commit()
        ended.append(session_id)
        seen(session_id, address)

    monkeypatch.setattr(sessions, "note_seen", ended_meanwhile)
    assert mel.page.get("/account").status_code == 200
    assert len(ended) == 1, "the moment between load and save was there"
    assert rows(world, "sessions", token_hash=_hash(mel.session)) == []
    assert _replayed(world, mel.person) == 302


# Class 17: one process, two doors.


def test_api_and_dashboard_calls_interleave_without_touching_each_other(world, doors):
    mel, rex = doors("mel"), doors("rex")
    for _ in range(3):
        assert b"Mel Member" in mel.page.get("/account").data
        assert rex.api.get("iam/me").json["data"]["organization"]["slug"] == "rival"
        assert mel.page.get("/o/acme/").status_code == 200
        assert mel.page.get("/o/rival/").status_code == 404
        assert doors(None).api.get("iam/me").status_code == 401
        assert doors(None).page.get("/account").status_code == 302


def test_a_request_with_both_proofs_is_the_doors_own(world, doors, cast):
    """A token sent along with a cookie decides at the API alone, and hands out no cookie of its identity."""
    mel, token = doors("mel"), cast.people["rex"].tokens["people"]
    client, basic = mel.page.client, {"auth": (str(token.id), token.secret)}
    api = client.get("/v1/iam/me", **basic)
    assert api.json["data"]["name"] == "rex people token of rival"
    assert "Set-Cookie" not in api.headers
    assert client.get("/v1/iam/me").status_code == 401, "the identity did not stay behind"
    page = client.get("/account", **basic)
    assert b"Mel Member" in page.data and b"Rex" not in page.data
    assert client.get("/o/rival/", **basic).status_code == 404


def test_a_failed_request_leaves_no_actor_behind(world, doors, monkeypatch):
    from fastpix.access import principal
    from fastpix.resources.organizations import domain

    monkeypatch.setattr(domain, "_load", lambda: 1 / 0)
    assert doors("ada").page.get("/o/acme/").status_code == 500
    assert principal.current() is principal.NOBODY
    assert doors(None).page.get("/o/acme/members/").status_code == 302


def test_every_sign_in_has_a_session_of_its_own(world, doors, mel):
    secrets = set()
    for _ in range(2):
        page = PageDoor(world.app, mel.session)
        assert page.post("/sign-in", {"email": mel.email, "password": PASSWORD}).status_code == 303
        secrets.add(page.client.get_cookie(cookie_name(world.app)).value)
    assert len(secrets | {mel.session}) == 3, "no session is fixed from outside"
