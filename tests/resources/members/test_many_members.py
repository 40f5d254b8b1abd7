"""Many members changed at once: the same rules as for one, a row and a result for each, all or nothing for the last admin."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest

from fastpix.errors import Refused
from fastpix.resources.members.bulk import domain as bulk
from fastpix.resources.members.bulk import queries as bulk_queries
from fastpix.resources.members.bulk import views as bulk_views
from tests.stories.tables import change, rows

EDIT, REMOVE = "iam/members/bulk/edit", "iam/members/bulk/remove"


def ids(cast, *keys):
    return [str(cast.acme.members[key]) for key in keys]


def roles(world, cast):
    return {row["person_id"]: row["role"] for row in rows(world, "members", organization_id=cast.acme.id)}


def audit(world, action):
    done = rows(world, "audit_log", action=action, result="done")
    return sorted(done, key=lambda row: row["number"])


def not_fresh(world):
    for session in rows(world, "sessions"):
        change(world, "sessions", {"id": session["id"]}, proved_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_each_gets_a_result_and_a_row_of_the_log(world, ada, cast):
    before = len(audit(world, "members.edit"))
    nobody = "00000000-0000-4000-8000-000000000000"
    body = {"memberIds": [*ids(cast, "mel", "dana", "ada"), nobody], "role": "admin"}
    answer = ada.api.post(EDIT, body).json["data"]
    assert [(each["id"], each["result"], each["reason"]) for each in answer] == [
        (ids(cast, "mel")[0], "changed", ""),
        (ids(cast, "dana")[0], "changed", ""),
        (ids(cast, "ada")[0], "skipped", "They have this already."),
        (nobody, "skipped", "There is no such member here."),
    ]
    assert set(roles(world, cast).values()) == {"admin"}
    new = audit(world, "members.edit")[before:]
    assert {(row["target_name"], row["before"]["role"], row["after"]["role"]) for row in new} == {
        ("Mel Member", "member", "admin"),
        ("Dana Demoted", "member", "admin"),
    }
    assert len({row["number"] for row in new}) == 2 and len({row["request_id"] for row in new}) == 1


def test_workspaces_of_many_are_set_and_the_role_stays(world, ada, mel, cast):
    production, development = cast.acme.workspace, cast.acme.workspaces["development"]
    body = {"memberIds": ids(cast, "mel", "dana"), "workspaces": [str(production)]}
    assert [each["result"] for each in ada.api.post(EDIT, body).json["data"]] == ["changed", "changed"]
    assert mel.page.get(f"/o/acme/workspaces/{development}").status_code == 404
    assert mel.page.get(f"/o/acme/workspaces/{production}").status_code == 200
    told = ada.api.get(f"iam/members/{ids(cast, 'dana')[0]}").json["data"]
    assert told["role"] == "member" and [each["name"] for each in told["workspaces"]] == ["production"]
    assert ada.api.post(EDIT, body).status_code == 409, "they have this already"
    assert ada.api.post(EDIT, {**body, "workspaces": "all"}).status_code == 200
    assert mel.page.get(f"/o/acme/workspaces/{development}").status_code == 200


@pytest.mark.parametrize("role", ["member", "removed"])
def test_an_admin_stays_or_nothing_is_changed(world, ada, acting, cast, role):
    ada.api.patch(f"iam/members/{ids(cast, 'mel')[0]}", {"role": "admin"})
    before = world.digest()
    everybody = [cast.acme.members[key] for key in ("ada", "mel", "dana")]
    if role == "member":
        answer = ada.api.post(EDIT, {"memberIds": ids(cast, "ada", "mel", "dana"), "role": "member"})
        assert answer.status_code == 409 and "no admin would be left" in answer.json["error"]["message"]
        page = ada.page.post("/o/acme/members/chosen/edit", {"member": ids(cast, "ada", "mel"), "role": "member"})
        assert page.status_code == 409 and "no admin would be left" in page.get_data(as_text=True)
        assert "Mel Member" in page.get_data(as_text=True), "who was chosen is kept"
    else:
        with acting("mel"), pytest.raises(Refused, match="Leave organization"):
            bulk.remove([cast.acme.members["mel"]])
        with acting("mel"):  # all others: Mel stays, as an admin
            outcomes = bulk.remove(everybody)
            assert [each["result"] for each in outcomes] == ["changed", "skipped", "changed"]
        return
    assert world.digest() == before


def test_many_are_removed_with_all_that_hangs_on_them(world, ada, mel, cast):
    answer = ada.api.post(REMOVE, {"memberIds": ids(cast, "mel", "ada", "dana")}).json["data"]
    assert [each["result"] for each in answer] == ["changed", "skipped", "changed"]
    assert "cannot remove yourself" in answer[1]["reason"]
    assert mel.page.get("/o/acme/").status_code == 404 and mel.api.get("iam/me").status_code == 401
    assert rows(world, "people", id=mel.id), "the account stays"
    assert ada.api.get("iam/organization").json["data"]["memberCount"] == 1
    stopped = {row["target_name"]: row["after"]["stopped"] for row in audit(world, "members.remove")}
    assert stopped["Mel Member"]["tokens"], "what ended stands in the log"
    assert ada.page.get(f"/o/acme/members/{ids(cast, 'mel')[0]}/receipt").status_code == 200


def test_a_member_a_stranger_and_another_house_change_nobody(world, mel, rex, cast):
    before = world.digest()
    for door in (mel, rex):
        for path, more in ((EDIT, {"role": "admin"}), (REMOVE, {})):
            assert door.api.post(path, {"memberIds": ids(cast, "dana", "mel"), **more}).status_code in (403, 404, 409)
    assert mel.page.post("/o/acme/members/chosen/remove", {"member": ids(cast, "dana")}).status_code == 403
    assert mel.page.get("/o/acme/members/chosen/edit", query_string={"all": "1"}).status_code == 403
    assert rex.page.post("/o/rival/members/chosen/remove", {"member": ids(cast, "dana")}).status_code == 409
    assert world.digest() == before


@pytest.mark.parametrize(
    "body",
    [{"memberIds": []}, {"memberIds": ["x"]}, {"role": "admin"}, {"memberIds": ["{mel}"], "role": "owner"}, {"memberIds": ["{mel}"] * 1001}],
)  # fmt: skip
def test_bad_lists_are_told_and_change_nobody(world, ada, cast, body):
    before = world.digest()
    mel = ids(cast, "mel")[0]
    sent = {
        name: [each.format(mel=mel) for each in text] if name == "memberIds" else text for name, text in body.items()
    }
    assert ada.api.post(EDIT, sent).status_code == 422
    assert world.digest() == before


def test_a_role_asks_who_one_is_and_workspaces_do_not(world, ada, cast):
    not_fresh(world)
    chosen = {"member": ids(cast, "mel", "dana")}
    before = roles(world, cast)
    asked = ada.page.post("/o/acme/members/chosen/edit", {**chosen, "role": "admin", "access": "stays"})
    assert "Confirm that it is you" in asked.get_data(as_text=True)
    assert roles(world, cast) == before
    told = ada.page.post("/o/acme/members/chosen/edit", {**chosen, "role": "stays", "access": "these"})
    assert told.status_code == 303
    assert ada.page.post("/o/acme/members/chosen/remove", chosen).status_code == 303, "they are no admins"


@pytest.mark.sqlite
def test_ticks_lead_to_the_page_and_back_with_a_button_that_undoes(world, ada, cast):
    before = len(audit(world, "members.edit"))
    shown = ada.page.get("/o/acme/members/", query_string={"q": "mel"}).get_data(as_text=True)
    assert f'name="member" value="{ids(cast, "mel")[0]}"' in shown
    query = {"member": ids(cast, "mel", "dana"), "back": "role=member"}
    page = ada.page.get("/o/acme/members/chosen/edit", query_string=query).get_data(as_text=True)
    assert "Mel Member" in page and "Dana Demoted" in page and "Ada Admin" not in page.split("card")[1]
    form = {"member": ids(cast, "mel", "dana"), "role": "admin", "access": "stays"}
    sent = ada.page.post("/o/acme/members/chosen/edit?back=role%3Dmember", form)
    assert sent.status_code == 303 and sent.location.endswith("/o/acme/members/?role=member")
    landed = ada.page.get(sent.location).get_data(as_text=True)
    assert "2 people are now admins." in landed
    undo = re.search(r'<form method="post" action="([^"]+)" class="undo">(.*?)</form>', landed, re.S)
    fields = re.findall(r'name="(role|member)" value="([^"]+)"', undo[2])
    again = {"role": dict(fields)["role"], "member": [value for name, value in fields if name == "member"]}
    assert ada.page.post(html.unescape(undo[1]), again).status_code == 303
    assert sorted(roles(world, cast).values()) == ["admin", "member", "member"]
    assert [row["after"]["role"] for row in audit(world, "members.edit")[before:]] == ["admin"] * 2 + ["member"] * 2


@pytest.mark.sqlite
def test_the_change_of_one_can_be_undone_too(world, ada, cast):
    mel = ids(cast, "mel")[0]
    sent = ada.page.post(f"/o/acme/members/{mel}/edit", {"role": "admin", "access": "all"})
    landed = ada.page.get(sent.location).get_data(as_text=True)
    assert 'class="undo"' in landed and f'name="member" value="{mel}"' in landed
    back = ada.page.post("/o/acme/members/chosen/edit", {"member": mel, "role": "member"})
    assert back.status_code == 303 and rows(world, "members", id=cast.acme.members["mel"])[0]["role"] == "member"
    assert "Mel Member is now a member." in ada.page.get(back.location).get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"role": "admin", "access": "all"}, "2 people are now admins, with access to all workspaces."),
        ({"role": "stays", "access": "these"}, "2 people have access to no workspace now."),
    ],
)
@pytest.mark.sqlite
def test_what_is_said_of_many_is_what_they_have_now(ada, cast, form, said):
    sent = ada.page.post("/o/acme/members/chosen/edit", {"member": ids(cast, "mel", "dana"), **form})
    assert sent.status_code == 303
    assert said in ada.page.get(sent.location).get_data(as_text=True)


@pytest.mark.sqlite
def test_who_made_themselves_a_member_among_others_is_offered_no_undo(ada, cast):
    """It would be refused."""
    assert ada.api.patch(f"iam/members/{cast.acme.members['mel']}", {"role": "admin"}).status_code == 200
    form = {"member": ids(cast, "ada"), "role": "member", "access": "stays"}
    landed = ada.page.get(ada.page.post("/o/acme/members/chosen/edit", form).location).get_data(as_text=True)
    assert "is now a member" in landed and 'class="undo"' not in landed


@pytest.mark.sqlite
def test_all_that_a_filter_finds_are_chosen_without_their_ticks(ada):
    page = ada.page.get("/o/acme/members/chosen/remove", query_string={"all": "1", "role": "member"})
    text = page.get_data(as_text=True)
    assert "Remove 2 people?" in text and "Ada Admin" not in text.split("<form")[-1]
    assert "Nobody was chosen" in ada.page.get("/o/acme/members/chosen/edit?member=x").get_data(as_text=True)


@pytest.mark.sqlite
def test_more_than_go_at_once_are_told(ada, monkeypatch):
    for module in (bulk_queries, bulk_views):
        monkeypatch.setattr(module, "MOST", 2)
    page = ada.page.get("/o/acme/members/chosen/edit", query_string={"all": "1"}).get_data(as_text=True)
    assert "These are 2 people, the most at once." in page and page.count('name="member" value=') == 2


@pytest.mark.sqlite
def test_the_people_of_a_filter_are_a_file(world, ada, mel, cast):
    change(world, "people", {"id": mel.id}, name="=cmd()")
    answer = mel.page.get("/o/acme/members/chosen/people.csv", query_string={"role": "member"})
    lines = answer.get_data(as_text=True).splitlines()
    assert answer.content_type == "text/csv; charset=utf-8" and "attachment" in answer.headers["Content-Disposition"]
    assert (
        lines[0] == "\ufeffname,address,role,workspaces,joined_at,last_seen_at,suspended_at,ends_on" and len(lines) == 3
    )
    assert any(line.startswith("'=cmd(),mel@mel.example,member,") for line in lines), lines


@pytest.mark.sqlite
def test_one_mail_to_each_admin_and_one_to_each_of_them(office):
    ada, acme = office.doors("ada"), office.cast.acme
    body = {"memberIds": [str(acme.members["mel"]), str(acme.members["dana"])]}
    ada.api.post(EDIT, {**body, "role": "admin"})
    (to_ada,) = office.letters("ada@ada.example", "membership_changed")
    assert "2 people: Dana Demoted (dana@dana.example), Mel Member (mel@mel.example)" in to_ada.text.replace("\n", " ")
    (to_mel,) = office.letters("mel@mel.example", "membership_changed")
    assert "you are now an admin" in to_mel.text.replace("\n", " ")
    ada.api.post(REMOVE, body)
    assert len(office.letters("ada@ada.example", "membership_changed")) == 2
    assert "removed you" in office.letters("dana@dana.example", "membership_changed")[-1].text
