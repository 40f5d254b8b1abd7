"""Somebody goes: what ends is shown before, really ends, and is told afterwards; what goes on is not hidden."""

from __future__ import annotations

import html
import re

import pytest

from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.members.offboarding import domain as offboarding
from fastpix.resources.signing_keys import domain as signing_keys
from tests.access.test_fresh_steps import grow_stale, is_asked
from tests.cast import Token
from tests.doors import ApiDoor
from tests.stories.tables import rows


@pytest.fixture
def traces(world, acting, cast):
    """Mel is an admin again, and leaves a token, an invite and a signing key behind. The token as it was made."""
    return leave_traces(acting, cast)


def leave_traces(acting, cast):
    mel = cast.acme.members["mel"]
    with acting("ada"):
        members.edit(mel, role="admin")
    with acting("mel"):
        made = access_tokens.create("deploy", cast.acme.workspace, "admin")
        invitations.invite(["friend@mel.example"], "member")
        signing_keys.create(cast.acme.workspace)
    return Token(made["id"], made["secret"], "deploy")


def page_of(path, door):
    answer = door.page.get(path)
    assert answer.status_code == 200
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def test_the_preview_says_what_stops_and_what_goes_on(ada, cast, traces):
    mel = cast.acme.members["mel"]
    page = page_of(f"/o/acme/members/{mel}/remove", ada)
    assert "deploy (production)" in page and "friend@mel.example" in page
    assert "1 signing key made by them" in page and "key in production , never used" in page.replace(
        "production,", "production ,"
    )
    wire = ada.api.get(f"iam/members/{mel}/departure").json["data"]
    assert "deploy" in [token["name"] for token in wire["tokens"]] and wire["invitations"] == ["friend@mel.example"]
    assert len(wire["signingKeys"]) == 1


def test_it_all_stops_and_the_receipt_says_so_again_and_again(world, ada, cast, traces):
    mel, script = cast.acme.members["mel"], ApiDoor(world.app, traces)
    assert script.get("iam/me").status_code == 200
    answer = ada.page.post(f"/o/acme/members/{mel}/remove", {})
    assert answer.location == f"/o/acme/members/{mel}/receipt"
    for _ in range(2):
        page = page_of(answer.location, ada)
        assert "Mel Member was removed" in page and "deploy (production)" in page and "still work" in page
    assert script.get("iam/me").status_code == 401
    wire = ada.api.get(f"iam/members/{mel}/receipt").json["data"]
    assert wire["isRemoved"] and wire["by"] == "Ada Admin" and wire["invitations"] == ["friend@mel.example"]


@pytest.mark.sqlite
def test_the_only_thing_adopted_is_on_the_receipt(ada, cast):
    dana = cast.acme.members["dana"]
    working = ada.api.get(f"iam/members/{dana}/departure").json["data"]["tokens"]
    assert len(working) > 1
    ada.page.post(f"/o/acme/members/{dana}/remove", {"adopt": [token["id"] for token in working]})
    receipt = page_of(f"/o/acme/members/{dana}/receipt", ada)
    assert "Nothing else hung on it" not in receipt and "the old ones stopped" in receipt
    assert all(token["name"] in receipt for token in working)


def test_a_receipt_is_no_window_for_members_and_none_for_strangers(ada, mel, rex, cast):
    member = cast.acme.members["mel"]
    assert mel.page.get(f"/o/acme/members/{member}/receipt").status_code == 403
    assert rex.page.get(f"/o/acme/members/{member}/receipt").status_code == 404
    assert rex.page.get(f"/o/rival/members/{member}/receipt").status_code == 404
    assert ada.page.get(f"/o/acme/members/{cast.acme.members['ada']}/receipt").status_code == 404


def test_a_token_is_adopted_in_the_same_step_and_its_old_secret_is_dead(world, ada, cast, traces):
    mel, old = cast.acme.members["mel"], ApiDoor(world.app, traces)
    before = {row["id"] for row in rows(world, "audit_log")}
    answer = ada.page.post(f"/o/acme/members/{mel}/remove", {"adopt": [str(traces.id)]})
    assert answer.status_code == 200
    secret = re.search(r"fpx_[\w-]{43}", answer.text)[0]
    assert old.get("iam/me").status_code == 401
    assert ApiDoor(world.app, Token(traces.id, secret, "deploy")).get("iam/me").status_code == 200
    assert rows(world, "access_tokens", id=traces.id)[0]["owner_id"] == cast.acme.members["ada"]
    made = [row["action"] for row in rows(world, "audit_log") if row["id"] not in before]
    assert sorted(made) == ["access_tokens.create", "members.remove"]
    assert secret not in repr(rows(world, "audit_log"))
    receipt = page_of(f"/o/acme/members/{mel}/receipt", ada)
    assert "deploy (production): it works on for Ada Admin with a new secret; the old one stopped." in receipt
    assert ada.api.get(f"iam/members/{mel}/receipt").json["data"]["adopted"] == ["deploy (production)"]
    again = ada.page.post(f"/o/acme/members/{mel}/remove", {"adopt": [str(traces.id)]})
    assert again.status_code == 404, "sent twice, done once"


def test_adopting_asks_for_a_fresh_proof(world, ada, cast, traces, acting):
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="member")
    grow_stale(world)
    before = world.digest()
    mel = cast.acme.members["mel"]
    assert is_asked(ada.page.post(f"/o/acme/members/{mel}/remove", {"adopt": [str(traces.id)]}))
    assert world.digest() == before


@pytest.mark.parametrize("whose", ["ada people", "rex people"])
def test_a_token_of_somebody_else_cannot_be_taken_along(world, ada, cast, traces, whose):
    """A forged form names another admin's token, or one of another organization."""
    victim = {**cast.acme.tokens, **cast.rival.tokens}[whose]
    before = world.digest()
    answer = ada.page.post(f"/o/acme/members/{cast.acme.members['mel']}/remove", {"adopt": [str(victim.id)]})
    assert answer.status_code == 422 and "Choose among the tokens shown" in html.unescape(answer.text)
    assert world.digest() == before


def test_without_that_check_the_other_admins_token_would_be_taken(world, ada, cast, traces, monkeypatch):
    """Breaks the guard on purpose."""
    victim = cast.acme.tokens["ada people"]
    taken = {"id": victim.id, "name": victim.name, "role": "admin", "workspace_name": "production"}
    monkeypatch.setattr(offboarding.queries, "working_tokens", lambda member_id: [taken])
    answer = ada.page.post(f"/o/acme/members/{cast.acme.members['mel']}/remove", {"adopt": [str(victim.id)]})
    assert answer.status_code == 200


def test_a_demotion_has_its_receipt_too(ada, cast, traces):
    mel = cast.acme.members["mel"]
    assert "can only read from then on" in page_of(f"/o/acme/members/{mel}/edit", ada)
    answer = ada.page.post(f"/o/acme/members/{mel}/edit", {"role": "member", "access": "all"})
    assert answer.location == f"/o/acme/members/{mel}/receipt"
    page = page_of(answer.location, ada)
    assert "Mel Member is no admin any more" in page and "can only read now" in page


def test_who_leaves_sees_what_ends_and_cannot_take_a_secret_along(mel, cast, traces):
    page = page_of("/o/acme/members/leave", mel)
    assert "deploy (production)" in page and "You cannot hand over a secret that you know" in page
    assert mel.page.post("/o/acme/members/leave", {"successor": ""}).status_code == 303


def test_a_member_who_leaves_is_shown_no_tokens(mel):
    page = page_of("/o/acme/members/leave", mel)
    assert "access token" not in page and "signing key" not in page


def test_the_admins_are_mailed_what_stopped_and_what_did_not(office):
    leave_traces(office.acting, office.cast)
    office.kept = len(office.rows())
    office.doors("ada").page.post(f"/o/acme/members/{office.cast.acme.members['mel']}/remove", {})
    (said,) = office.letters("ada@ada.example", "membership_changed")
    assert "deploy (production)" in said.text and "Invites that are void: friend@mel.example" in said.text
    assert "Signing keys they made, which still work" in said.text
    (told,) = office.letters("mel@mel.example", "membership_changed")
    assert "deploy" not in told.text
