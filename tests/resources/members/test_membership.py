"""Editing access, removing, leaving: rules without HTTP, and the page beside the API."""

from __future__ import annotations

import pytest

from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.members import domain as members
from tests.stories.tables import everything, rows

ONLY_ADMIN = (
    "Ada Admin is the only admin here, and an organization always keeps one. Make somebody else an admin first."
)


def grants(world, member_id):
    return {row["to_workspace_id"] for row in rows(world, "member_workspaces", member_id=member_id)}


def test_role_and_workspaces_are_set_in_one_form(ada, cast):
    mel, production = cast.acme.members["mel"], cast.acme.workspace
    form = {"role": "member", "access": "these", "workspaces": str(production)}
    assert ada.page.post(f"/o/acme/members/{mel}/edit", form).status_code == 303
    told = ada.api.get(f"iam/members/{mel}").json["data"]
    assert told["role"] == "member" and told["workspaces"] == [{"id": str(production), "name": "production"}]
    after = ada.api.patch(f"iam/members/{mel}", {"workspaces": "all"}).json["data"]
    assert after["workspaces"] == "all"


def test_workspaces_are_kept_on_promotion_and_take_effect_on_demotion(world, ada, mel, cast):
    member, production = cast.acme.members["mel"], cast.acme.workspace
    development = cast.acme.workspaces["development"]
    assert ada.api.patch(f"iam/members/{member}", {"workspaces": [str(production)]}).status_code == 200
    assert mel.page.get(f"/o/acme/workspaces/{development}").status_code == 404
    assert ada.api.patch(f"iam/members/{member}", {"role": "admin"}).status_code == 200
    assert mel.page.get(f"/o/acme/workspaces/{development}").status_code == 200, "admins have all workspaces"
    assert grants(world, member) == {production}, "the list is kept"
    assert ada.api.patch(f"iam/members/{member}", {"role": "member"}).status_code == 200
    assert mel.page.get(f"/o/acme/workspaces/{development}").status_code == 404
    assert mel.page.get(f"/o/acme/workspaces/{production}").status_code == 200


def test_an_empty_list_is_legal(ada, mel, cast):
    member = cast.acme.members["mel"]
    assert ada.api.patch(f"iam/members/{member}", {"workspaces": []}).json["data"]["workspaces"] == []
    assert mel.page.get("/o/acme/workspaces/").status_code == 200
    assert mel.page.get(f"/o/acme/workspaces/{cast.acme.workspace}").status_code == 404
    assert mel.page.get("/o/acme/").status_code == 200
    form = {"role": "member", "access": "these"}
    assert ada.page.post(f"/o/acme/members/{member}/edit", form).status_code == 303


@pytest.mark.sqlite
@pytest.mark.parametrize("path", ["members/{mel}/edit", "members/invitations/new", "view-as-member/"])
def test_ticks_beside_all_workspaces_are_refused_and_kept(world, ada, cast, path):
    """They would be ignored, and somebody would see more than was meant."""
    before = world.digest()
    ticked = str(cast.acme.workspace)
    form = {"emails": "a@b.example", "role": "member", "access": "all", "workspaces": ticked}
    answer = ada.page.post(f"/o/acme/{path.format(mel=cast.acme.members['mel'])}", form)
    assert answer.status_code == 422 and "choose “Only these”, or untick them" in answer.text
    assert f'value="{ticked}" checked' in answer.text
    assert world.digest() == before


def test_what_is_absent_stays(ada, cast):
    member = cast.acme.members["mel"]
    ada.api.patch(f"iam/members/{member}", {"workspaces": [str(cast.acme.workspace)]})
    after = ada.api.patch(f"iam/members/{member}", {"role": "admin"}).json["data"]
    assert len(after["workspaces"]) == 1
    assert ada.api.patch(f"iam/members/{member}", {}).json["data"]["role"] == "admin"


def test_foreign_workspaces_and_foreign_members_are_refused(world, ada, acting, cast):
    before = world.digest()
    answer = ada.api.patch(f"iam/members/{cast.acme.members['mel']}", {"workspaces": [str(cast.rival.workspace)]})
    assert answer.status_code == 422
    assert ada.api.patch(f"iam/members/{cast.rival.members['rex']}", {"role": "member"}).status_code == 404
    with pytest.raises(Missing), acting("ada"):
        members.edit(cast.rival.members["rex"], role="member")
    with pytest.raises(Invalid), acting("ada"):
        members.edit(cast.acme.members["mel"], workspace_access=[cast.rival.workspace])
    assert world.digest() == before


# The last admin.


def test_the_last_admin_cannot_step_down(world, ada, acting, cast):
    before = world.digest()
    me = cast.acme.members["ada"]
    api = ada.api.patch(f"iam/members/{me}", {"role": "member"})
    assert (api.status_code, api.json["error"]["message"]) == (409, ONLY_ADMIN)
    page = ada.page.post(f"/o/acme/members/{me}/edit", {"role": "member", "access": "all"})
    assert page.status_code == 409 and ONLY_ADMIN in page.get_data(as_text=True)
    with pytest.raises(Refused, match="always keeps one"), acting("ada"):
        members.edit(me, role="member")
    assert world.digest() == before


def test_the_form_says_so_before_it_is_sent(ada, cast):
    text = ada.page.get(f"/o/acme/members/{cast.acme.members['ada']}/edit").get_data(as_text=True)
    assert "disabled" in text and "only admin" in text


def test_pending_people_do_not_count_as_admins(world, ada, cast):
    assert ada.api.patch(f"iam/invitations/{cast.acme.invitation}", {"role": "admin"}).status_code == 200
    assert ada.api.patch(f"iam/members/{cast.acme.members['ada']}", {"role": "member"}).status_code == 409
    assert ada.api.post("iam/leave", {}).status_code == 409


# Removing.


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_member_is_removed_and_keeps_the_account(world, ada, mel, cast, door):
    member = cast.acme.members["mel"]
    if door == "api":
        assert ada.api.delete(f"iam/members/{member}").json == {"success": True}
    else:
        page = ada.page.get(f"/o/acme/members/{member}/remove").get_data(as_text=True)
        assert "mel people token of acme" in page, "what stops is listed"
        assert ada.page.post(f"/o/acme/members/{member}/remove").status_code == 303
    assert mel.page.get("/o/acme/").status_code == 404
    assert mel.api.get("iam/me").status_code == 401
    assert rows(world, "people", id=mel.id) and rows(world, "members", person_id=mel.id) == []
    assert ada.api.get("iam/organization").json["data"]["memberCount"] == 2


def test_one_does_not_remove_oneself(world, ada, acting, cast):
    before = world.digest()
    me = cast.acme.members["ada"]
    answer = ada.api.delete(f"iam/members/{me}")
    assert answer.status_code == 409 and "Leave organization" in answer.json["error"]["message"]
    assert ada.page.get(f"/o/acme/members/{me}/remove").location == "/o/acme/members/leave"
    assert ada.page.post(f"/o/acme/members/{me}/remove").status_code == 302
    with pytest.raises(Refused), acting("ada"):
        members.remove(me)
    assert world.digest() == before


def test_the_counter_of_members_follows(world, ada, acting, cast):
    def count():
        return rows(world, "organizations", id=cast.acme.id)[0]["member_count"]

    assert count() == len(rows(world, "members", organization_id=cast.acme.id)) == 3
    ada.api.delete(f"iam/members/{cast.acme.members['dana']}")
    assert count() == 2
    with acting("mel"):
        members.leave()
    assert count() == len(rows(world, "members", organization_id=cast.acme.id)) == 1


# Leaving.


@pytest.mark.parametrize("door", ["page", "api"])
def test_the_last_admin_hands_over_and_leaves_in_one_transaction(world, ada, mel, cast, door):
    successor = str(cast.acme.members["mel"])
    if door == "api":
        assert ada.api.post("iam/leave", {"successorId": successor}).status_code == 200
    else:
        assert ada.page.post("/o/acme/members/leave", {"successor": successor}).status_code == 303
    assert rows(world, "members", person_id=ada.id) == []
    assert rows(world, "members", id=cast.acme.members["mel"])[0]["role"] == "admin"
    assert mel.page.get("/o/acme/signing-keys/").status_code == 200


def test_a_hand_over_that_breaks_halfway_changes_nothing(world, acting, cast, monkeypatch):
    monkeypatch.setattr(members, "describe", lambda *a, **k: 1 / 0)
    before = everything(world)
    with pytest.raises(ZeroDivisionError), acting("ada"):
        members.leave(cast.acme.members["mel"])
    assert everything(world) == before


def test_the_last_admin_must_name_a_successor(world, ada, acting, cast):
    before = world.digest()
    for door in ("api", "page"):
        answer = ada.api.post("iam/leave", {}) if door == "api" else ada.page.post("/o/acme/members/leave", {})
        assert answer.status_code == 409
        assert "Choose who takes over as admin" in answer.get_data(as_text=True)
    with pytest.raises(Refused, match="only admin"), acting("ada"):
        members.leave()
    assert world.digest() == before


def test_a_successor_is_a_member_of_the_same_organization(world, ada, acting, cast):
    before = world.digest()
    for wrong in (cast.rival.members["rex"], cast.acme.members["ada"], cast.acme.members["eve"], cast.acme.invitation):
        assert ada.api.post("iam/leave", {"successorId": str(wrong)}).status_code == 422
        assert ada.page.post("/o/acme/members/leave", {"successor": str(wrong)}).status_code == 422
        with pytest.raises(Invalid), acting("ada"):
            members.leave(wrong)
    assert ada.page.post("/o/acme/members/leave", {"successor": "nonsense"}).status_code == 422
    assert world.digest() == before


def test_a_member_who_leaves_promotes_nobody(world, mel, cast):
    """A member may leave; naming a successor must not let them give away a role they do not have."""
    dana, before = str(cast.acme.members["dana"]), world.digest()
    assert mel.page.post("/o/acme/members/leave", {"successor": dana}).status_code == 403
    assert mel.api.post("iam/leave", {"successorId": dana}).status_code == 403
    assert world.digest() == before


def test_a_member_leaves_without_being_asked(world, mel, cast):
    assert mel.page.post("/o/acme/members/leave").status_code == 303
    assert rows(world, "members", person_id=mel.id) == []
    assert mel.page.get("/o/acme/").status_code == 404
    assert mel.page.get("/").status_code == 200


def test_alone_one_cannot_leave_and_is_shown_the_ways_out(world, rex):
    before = world.digest()
    page = rex.page.get("/o/rival/members/leave").get_data(as_text=True)
    assert "/o/rival/members/invitations/new" in page and "/o/rival/settings/delete" in page
    assert rex.page.post("/o/rival/members/leave").status_code == 409
    assert world.digest() == before


def test_changes_of_membership_are_mailed_to_the_admins_and_the_person(office):
    ada, acme = office.doors("ada"), office.cast.acme
    ada.api.patch(f"iam/members/{acme.members['mel']}", {"role": "admin"})
    assert {letter.recipient for letter in office.letters(kind="membership_changed")} == {
        "ada@ada.example",
        "mel@mel.example",
    }
    ada.api.delete(f"iam/members/{acme.members['dana']}")
    assert office.letters("dana@dana.example", "membership_changed")
    assert office.letters("rex@rex.example") == []


def test_search_finds_the_beginning_of_any_word_of_a_name_or_an_address(ada):
    def found(query):
        return [row["email"] for row in ada.api.get("iam/members", query_string={"query": query}).json["data"]]

    assert found("mel") == ["mel@mel.example"] and found("MEL  MEM") == ["mel@mel.example"]
    assert found("memb") == ["mel@mel.example"] and found("mem mel") == ["mel@mel.example"]
    assert found("dana@dana") == ["dana@dana.example"] and found("@mel.example") == ["mel@mel.example"]
    assert len(found("example")) == 3
    assert found("ember") == found("%") == found("rex") == found("mel dana") == found("a\0@b") == []
    admins = ada.api.get("iam/members?role=admin").json["data"]
    assert [row["email"] for row in admins] == ["ada@ada.example"]


@pytest.mark.sqlite
def test_who_was_removed_is_told_so_and_learns_no_more_than_anybody_else(ada, mel, cast):
    ada.api.delete(f"iam/members/{cast.acme.members['mel']}")
    gone, never = (mel.page.get(path) for path in ("/o/acme/members/", "/o/nowhere/members/"))
    assert (gone.status_code, never.status_code) == (404, 404)
    assert "an admin has ended your access to it" in gone.text and "an admin has ended your access to it" in never.text
