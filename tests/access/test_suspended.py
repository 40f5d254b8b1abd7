"""A suspended member at every door: everything stops as in a removal, nothing is lost, and it comes back as it was."""

from __future__ import annotations

import pytest

from fastpix.access import principal
from fastpix.access.principal import Denied
from fastpix.db import now
from fastpix.errors import Gone, Refused
from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import acceptance
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.members.suspension import domain as suspension
from tests.access.persons import Caller, ask
from tests.access.routes import guarded
from tests.access.test_fresh_steps import grow_stale, is_asked
from tests.cast import PASSWORD, acting_as
from tests.doors import PageDoor
from tests.stories.tables import change, changed_columns, everything, rows

# What is noted of a suspension in the tables, beside the audit log and the mails.
NOTED = {"members.suspended_at", "people.rights_changed_at", "organizations.member_version", "+audit_log"}


@pytest.fixture
def suspended(world, cast):
    """Mel was an admin, so that she has had every right, and is suspended."""
    change(world, "members", {"id": cast.acme.members["mel"]}, role="admin", suspended_at=now())
    with world.rounds_begin_here():
        yield cast.acme.members["mel"]


@pytest.mark.parametrize("route", [r for r in guarded() if r.is_api or r.in_organization], ids=str)
@pytest.mark.sqlite
def test_every_door_of_the_organization_is_closed(world, suspended, route):
    before = world.digest()
    proofs = ("people", "member") if route.is_api else ("session",)
    for proof in proofs:
        answer, _ = ask(world, route, Caller("mel", proof))
        said = answer.get_data(as_text=True)
        assert answer.status_code == 403, f"{route} with {proof}: {answer.status_code}"
        assert "suspended" in said and "resume" in said, said
    assert world.digest() == before, f"{route}: something was stored"


def test_a_session_ends_there_and_comes_back(mel, ada, world, cast):
    path = f"/v1/iam/members/{cast.acme.members['mel']}"
    assert mel.page.get("/o/acme/").status_code == 200
    said = ada.api.post(f"{path}/suspend")
    assert said.status_code == 200 and said.json["data"]["suspendedAt"] is not None
    assert mel.page.get("/o/acme/").status_code == 403
    home = mel.page.get("/")
    assert home.status_code == 200 and "is suspended" in home.text and "/o/acme" not in home.text
    account = mel.page.get("/account")
    assert account.status_code == 200, "the account is the person's own"
    assert ada.api.post(f"{path}/resume").json["data"]["suspendedAt"] is None
    assert mel.page.get("/o/acme/").status_code == 200 and mel.page.get("/").status_code == 302


def test_nothing_is_lost(world, ada, cast):
    before = everything(world)
    path = f"/v1/iam/members/{cast.acme.members['dana']}"
    assert ada.api.post(f"{path}/suspend").status_code == 200
    assert (
        changed_columns(before, everything(world)) - {"access_tokens.last_used_at", "access_tokens.last_used_from"}
        == NOTED
    )
    assert ada.api.post(f"{path}/resume").status_code == 200
    changed = changed_columns(before, everything(world))
    assert "members.suspended_at" not in changed and not {each for each in changed if each.startswith("-")}


def test_whoever_signs_in_again_finds_it_closed(world, ada, cast, suspended):
    page = PageDoor(world.app)
    answer = page.post("/sign-in", {"email": cast.people["mel"].email, "password": PASSWORD})
    assert answer.status_code == 303, "who one is has nothing to do with what one may"
    assert page.get("/o/acme/").status_code == 403


def test_an_invite_does_not_let_back_in(world, ada, cast, suspended, acting):
    """Neither a new one, nor one that was sent before they joined."""
    invited = ada.api.post("iam/invitations", {"emails": [cast.people["mel"].email], "role": "member"})
    assert invited.json["data"][0]["status"] == "already_member"
    change(world, "invitations", {"id": cast.acme.invitation}, email=cast.people["mel"].email, email_canonical=cast.people["mel"].email)  # fmt: skip
    page = PageDoor(world.app, cast.people["mel"].session)
    page.client.set_cookie("fastpix_invite", cast.acme.invite_secret, path="/invite")
    assert page.post("/invite/accept", {}).status_code == 409
    assert rows(world, "members", id=suspended)[0]["suspended_at"] is not None
    assert page.get("/o/acme/").status_code == 403


def test_invites_they_sent_wait(world, ada, cast, acting):
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="admin")
    with acting("mel"):
        secret = invitations.invite(["sue@sue.example"], "admin")[0]["link"].rpartition("/")[2]
    with acting("ada"):
        suspension.suspend([cast.acme.members["mel"]])
    with world.session(), pytest.raises(Gone, match="may invite nobody just now"):
        acceptance.find(secret)
    with acting("ada"):
        suspension.resume([cast.acme.members["mel"]])
    with world.session():
        assert acceptance.find(secret).role == "admin"


def test_the_wall_stands_where_the_door_was_passed(world, cast, suspended):
    """Somebody who was let in a moment ago changes nothing any more."""
    with world.session(), acting_as(cast, "mel"), pytest.raises(Denied):
        members.edit(cast.acme.members["ada"], role="member")


def test_the_only_admin_stays_and_nobody_suspends_themselves(world, ada, cast, acting):
    me, mel = cast.acme.members["ada"], cast.acme.members["mel"]
    refused = ada.api.post(f"iam/members/{me}/suspend")
    assert refused.status_code == 409 and "yourself" in refused.text
    command = principal.system("a command", cast.acme.id)
    with pytest.raises(Refused, match="no admin would be left"), world.session(), principal.acting(command):
        suspension.suspend([me])
    with acting("ada"):
        members.edit(mel, role="admin")
        suspension.suspend([mel])
    assert ada.api.patch(f"iam/members/{me}", {"role": "member"}).status_code == 409, "who is suspended is no admin"
    assert ada.api.post("iam/leave", {}).status_code == 409
    taken_over = ada.api.post("iam/leave", {"successorId": str(mel)})
    assert taken_over.status_code == 422 and "is suspended" in taken_over.text


@pytest.mark.parametrize("what", ["suspend", "resume"])
def test_suspending_and_resuming_an_admin_ask_who_one_is(world, ada, cast, what):
    mel = cast.acme.members["mel"]
    change(world, "members", {"id": mel}, role="admin", suspended_at=now() if what == "resume" else None)
    grow_stale(world)
    answer = ada.page.post(f"/o/acme/members/chosen/{what}?member={mel}", {"member": str(mel)})
    assert answer.status_code == 403 and is_asked(answer)
    assert (rows(world, "members", id=mel)[0]["suspended_at"] is not None) == (what == "resume")


def test_a_proof_of_before_counts_no_more_after_it(world, ada, mel, cast):
    """An admin who comes back proves anew who they are before they do what asks for it."""
    change(world, "members", {"id": cast.acme.members["mel"]}, role="admin")
    change(world, "sessions", {"person_id": cast.people["mel"].id}, proved_at=now())
    for what in ("suspend", "resume"):
        assert ada.api.post(f"iam/members/{cast.acme.members['mel']}/{what}").status_code == 200
    answer = mel.page.post("/o/acme/signing-keys/new", {"workspace": str(cast.acme.workspace)})
    assert answer.status_code == 403 and is_asked(answer)


def test_tokens_say_why_and_can_be_adopted(world, ada, mel, cast, suspended):
    token = cast.acme.tokens["mel people"].id
    said = mel.api.get("iam/members")
    assert said.status_code == 403 and "Mel Member, who owns this token, is suspended" in said.json["error"]["message"]
    assert ada.api.get(f"iam/access-tokens/{token}").json["data"]["status"] == "suspended"
    assert "its owner has no access now; adopt it" in ada.page.get("/o/acme/access-tokens/").text
    assert mel.api.get("iam/members", headers={}).status_code == 403
    change(world, "members", {"id": suspended}, suspended_at=None)
    assert mel.api.get("iam/members").status_code == 200


def test_private_media_does_not_open_by_their_session(world, cast, suspended):
    page = PageDoor(world.app, cast.people["mel"].session)
    media = rows(world, "media", id=cast.acme.shelf.media)[0]
    assert page.get(f"/stream/{cast.acme.shelf.playback_id}.m3u8").status_code in (401, 403, 404)
    assert page.get(f"/o/acme/media/{media['id']}").status_code == 403


def test_many_are_suspended_and_resumed_with_a_result_for_each(world, ada, cast):
    ids = [str(cast.acme.members[key]) for key in ("ada", "mel", "dana")]
    done = ada.api.post("iam/members/bulk/suspend", {"memberIds": ids}).json["data"]
    assert [each["result"] for each in done] == ["skipped", "changed", "changed"]
    assert done[0]["reason"] == suspension.YOURSELF
    again = ada.api.post("iam/members/bulk/suspend", {"memberIds": ids[1:]})
    assert again.status_code == 409 and "suspended already" in again.text
    listed = ada.api.get("iam/members?status=suspended").json
    assert {row["name"] for row in listed["data"]} == {"Mel Member", "Dana Demoted"}
    assert {row["name"] for row in ada.api.get("iam/members?status=active").json["data"]} == {"Ada Admin"}
    for query in (
        "?status=suspended",
        "?status=suspended&sort=name",
        "?status=suspended&q=mel",
        "?status=suspended&role=member",
    ):
        text = ada.page.get(f"/o/acme/members/{query}").text
        assert (
            "Mel Member" in text and "mel@mel.example" in text and "ada@ada.example" not in text.split("<main", 1)[1]
        ), query
    back = ada.page.post("/o/acme/members/chosen/resume?all=1&status=suspended", {"member": ids})
    assert back.status_code == 303
    assert [row["suspended_at"] for row in rows(world, "members", organization_id=cast.acme.id)] == [None] * 3
    told = [(row["action"], row["after"].get("suspended")) for row in rows(world, "audit_log") if row["action"] == "members.suspend" and row["result"] == "done"]  # fmt: skip
    assert sorted(told, key=str) == [("members.suspend", False)] * 2 + [("members.suspend", True)] * 2


def test_the_pages_say_what_stops_and_undo_it(world, ada, cast):
    mel = cast.acme.members["mel"]
    person = f"/o/acme/members/{mel}"
    assert f"/members/chosen/suspend?member={mel}&amp;person=1" in ada.page.get(person).text
    asked = ada.page.get(f"/o/acme/members/chosen/suspend?member={mel}&person=1").text
    assert "Suspend Mel Member" in asked and "What exactly stops meanwhile" in asked and "mel people" in asked
    done = ada.page.post(f"/o/acme/members/chosen/suspend?member={mel}&person=1", {"member": str(mel)})
    assert done.status_code == 303 and done.location == person
    shown = ada.page.get(person).text
    assert "Suspended" in shown and "Mel Member is suspended." in shown and "members/chosen/resume" in shown
    assert "suspended" in ada.page.get("/o/acme/audit/").text
    undone = ada.page.post("/o/acme/members/chosen/resume", {"member": str(mel)})
    assert undone.status_code == 303 and rows(world, "members", id=mel)[0]["suspended_at"] is None
