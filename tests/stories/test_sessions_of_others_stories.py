"""An admin ends a member's sessions, and learns and does no more than that by it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from fastpix.accounts import sessions
from fastpix.db import now
from tests.cast import acting_as
from tests.doors import PageDoor
from tests.stories.tables import change, rows


@pytest.fixture
def second(world, cast):
    """Mel is signed in on her phone as well."""
    with world.session():
        phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"
        secret = sessions.start(cast.people["mel"].id, timedelta(days=1), is_remembered=True, address="203.0.113.9", user_agent=phone)  # fmt: skip
    return PageDoor(world.app, secret)


def path(cast, key="mel", session=""):
    return f"iam/members/{cast.acme.members[key]}/sessions{session}"


def of_mel(world, cast):
    return rows(world, "sessions", person_id=cast.people["mel"].id)


def test_one_session_ends_and_the_other_goes_on(world, ada, mel, cast, second):
    listed = ada.api.get(path(cast)).json["data"]
    assert {each["browser"] for each in listed} == {"a test", "Safari on iPhone"}
    assert set(listed[0]) == {"id", "browser", "createdAt", "lastSeenAt"}
    phone = next(each["id"] for each in listed if each["browser"] != "a test")
    assert second.get("/account").status_code == 200
    assert ada.api.delete(path(cast, session=f"/{phone}")).status_code == 200
    assert second.get("/account").status_code == 302 and mel.page.get("/o/acme/").status_code == 200
    assert ada.api.delete(path(cast, session=f"/{phone}")).status_code == 404


def test_all_end_with_those_that_wait_for_a_code(world, ada, mel, cast, second):
    with world.session():
        sessions.start_half(cast.people["mel"].id, is_remembered=False)
    member = cast.acme.members["mel"]
    shown = ada.page.get(f"/o/acme/members/{member}").text
    assert "Safari on iPhone" in shown and "203.0.113.9" not in shown and "End all" in shown
    done = ada.page.post(f"/o/acme/members/{member}/sessions/end")
    assert done.status_code == 303 and done.location == f"/o/acme/members/{member}"
    assert "2 sessions ended." in ada.page.get(f"/o/acme/members/{member}").text
    assert of_mel(world, cast) == [] and rows(world, "half_sessions", person_id=cast.people["mel"].id) == []
    assert mel.page.get("/o/acme/").status_code == 302
    (told,) = [row for row in rows(world, "audit_log") if row["action"] == "members.end_sessions"]
    assert told["after"] == {"ended": 2} and told["target_name"] == "Mel Member"


def test_nobody_reaches_a_session_of_somebody_else_by_its_id(world, ada, rex, cast, second):
    """The id of Ada's own, or of another house's, below the address of Mel."""
    for key in ("ada", "rex", "sam"):
        foreign = rows(world, "sessions", person_id=cast.people[key].id)[0]["id"]
        assert ada.api.delete(path(cast, session=f"/{foreign}")).status_code == 404
    assert ada.api.delete(path(cast, session=f"/{uuid.uuid4()}")).status_code == 404
    mine = of_mel(world, cast)[0]["id"]
    assert rex.api.get(path(cast)).status_code == 404
    assert rex.api.delete(path(cast, session=f"/{mine}")).status_code == 404
    assert rex.page.post(f"/o/rival/members/{cast.acme.members['mel']}/sessions/{mine}/end").status_code == 404
    assert len(of_mel(world, cast)) == 2


def test_who_belongs_elsewhere_too_is_left_alone(world, ada, cast, second):
    """An attacker who founds an organization and gets somebody in learns nothing of them, and cannot sign them out."""
    change(world, "members", {"id": cast.rival.members["rex"]}, person_id=cast.people["mel"].id)
    for answer in (ada.api.get(path(cast)), ada.api.delete(path(cast)), ada.api.delete(path(cast, session=f"/{of_mel(world, cast)[0]['id']}"))):  # fmt: skip
        assert answer.status_code == 409 and "another organization as well" in answer.json["error"]["message"]
    page = ada.page.get(f"/o/acme/members/{cast.acme.members['mel']}").text
    assert "another organization as well" in page and "Safari on iPhone" not in page
    assert len(of_mel(world, cast)) == 2


def test_a_look_that_shows_nothing_is_no_attempt(world, ada, cast):
    """To end them is one, and in the log."""
    change(world, "members", {"id": cast.rival.members["rex"]}, person_id=cast.people["mel"].id)
    tried = lambda: [row["result"] for row in rows(world, "audit_log", action="members.end_sessions")]  # noqa: E731
    assert ada.api.get(path(cast)).status_code == 409 and tried() == []
    assert ada.api.delete(path(cast)).status_code == 409 and tried() == ["refused"]


def test_ones_own_are_in_ones_account(world, ada, cast):
    answer = ada.api.delete(path(cast, "ada"))
    assert answer.status_code == 409 and "in your account" in answer.text
    assert ada.page.get(f"/o/acme/members/{cast.acme.members['ada']}").text.count("Signed in") == 0


def test_a_suspended_person_is_signed_out_as_well(world, ada, cast, second):
    change(world, "members", {"id": cast.acme.members["mel"]}, suspended_at=now())
    assert ada.api.delete(path(cast)).status_code == 200
    assert of_mel(world, cast) == []


def test_a_member_sees_and_ends_none(world, mel, cast, second):
    dana = cast.acme.members["dana"]
    assert mel.page.get(f"/o/acme/members/{dana}").text.count("Signed in") == 0
    assert mel.page.post(f"/o/acme/members/{dana}/sessions/end").status_code == 403
    with world.session(), acting_as(cast, "mel"):
        assert len(rows(world, "sessions", person_id=cast.people["dana"].id)) == 1
