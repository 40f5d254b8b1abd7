"""Invitations: many at once, resending, editing, revoking, limits; the page and the API side by side."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from fastpix.db import now
from fastpix.errors import Invalid, Missing
from fastpix.resources.members.invitations import domain as invitations
from tests.stories.tables import change, rows

MANY = ["one@new.example", "two@new.example", "mel@mel.example", "pat@acme.example", "nonsense", "ONE@new.example"]
EXPECTED = ["invited", "invited", "already_member", "already_invited", "invalid", "already_invited"]


def opens(doors, secret):
    page = doors(None).page
    page.get(f"/i/{secret}")
    return page.get("/invite").status_code


def secret_of(result):
    return result["link"].rpartition("/")[2]


def test_every_address_has_its_own_result(acting):
    with acting("ada"):
        results = invitations.invite(MANY, "member")
    assert [r["status"] for r in results] == EXPECTED
    assert all(r["message"] for r in results if r["status"] != "invited")
    assert results[-1]["message"] == "The same address stands there twice. It was invited once."
    assert results[3]["message"].startswith("There is an open invite")
    assert all(bool(r["link"]) is (r["status"] == "invited") for r in results)


def test_the_page_and_the_api_give_the_same_results(world, ada):
    api = ada.api.post("iam/invitations", {"emails": MANY, "role": "member"})
    assert api.status_code == 201 and [r["status"] for r in api.json["data"]] == EXPECTED
    world.reset()
    form = {"emails": ", ".join(MANY[:3]) + "\n" + " ".join(MANY[3:]), "role": "member", "access": "all"}
    page = ada.page.post("/o/acme/members/invitations/new", form)
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert text.count("http://localhost/i/") >= 2, "the links are always shown"
    assert "Mail is not set up: pass this link on yourself." in text, "and the honest status"
    assert "nonsense" in text and "This person is a member already." in text
    assert len(rows(world, "invitations", organization_id=world.cast.acme.id, used_at=None)) >= 3


PASTED = '"Lovelace, Ada" <one@new.example>; Bob <mailto:two@new.example>,\u200bthree@new.example\ufeff'


def test_addresses_are_taken_as_people_paste_them_at_both_doors(world, ada):
    api = ada.api.post("iam/invitations", {"emails": [PASTED], "role": "member"})
    told = [(result["email"], result["status"]) for result in api.json["data"]]
    assert told == [(f"{name}@new.example", "invited") for name in ("one", "two", "three")]
    world.reset()
    form = {"emails": PASTED, "role": "member", "access": "all"}
    assert ada.page.post("/o/acme/members/invitations/new", form).text.count("http://localhost/i/") >= 3


def test_wrong_addresses_are_told_one_by_one_and_what_was_typed_stays(ada):
    form = {"emails": "oops@, nonsense", "role": "member", "access": "all"}
    answer = ada.page.post("/o/acme/members/invitations/new", form)
    assert answer.status_code == 422 and "oops@, nonsense</textarea>" in answer.text
    assert "oops@: This is not a mail address" in answer.text and "nonsense: This is not a mail address" in answer.text
    form["emails"] = "one@new.example, oops@, nonsense"
    answer = ada.page.post("/o/acme/members/invitations/new", form)
    again = re.search(r'href="([^"]*)">Correct them', answer.text)[1]
    assert answer.status_code == 200 and "oops@, nonsense</textarea>" in ada.page.get(again).text


def test_a_domain_of_the_operators_own_network_is_taken_by_a_setting(world, ada):
    def status(email):
        return ada.api.post("iam/invitations", {"emails": [email], "role": "member"}).json["data"][0]["status"]

    assert {status(f"ada@{domain}") for domain in ("firm.local", "a.firm.local", "intern")} == {"invalid"}
    world.set(local_mail_domains="firm.local, intern")
    assert {status(f"ada@{domain}") for domain in ("firm.local", "a.firm.local", "intern")} == {"invited"}
    assert {status(f"ada@{domain}") for domain in ("other.local", "xfirm.local", "local")} == {"invalid"}


def test_the_status_is_honest_when_mail_is_set_up(office):
    page = office.doors("ada").page.post(
        "/o/acme/members/invitations/new", {"emails": "one@new.example", "role": "member", "access": "all"}
    )
    text = page.get_data(as_text=True)
    assert "On its way to one@new.example" in text and "Sent to" not in text
    assert "http://localhost/i/" in text
    letter = office.letters("one@new.example")[0]
    assert letter.links[0] not in text, "the mailed link is another one than the shown"


def test_the_role_must_be_chosen(world, ada):
    before = world.digest()
    answer = ada.page.post("/o/acme/members/invitations/new", {"emails": "one@new.example", "access": "all"})
    assert answer.status_code == 422 and b"one@new.example" in answer.data
    assert ada.api.post("iam/invitations", {"emails": ["one@new.example"]}).status_code == 422
    assert world.digest() == before


@pytest.mark.parametrize(
    ("text", "count"), [("a@x.example b@x.example", 2), ("a@x.example,\n;b@x.example", 2), ("  a@x.example ", 1)]
)
def test_addresses_are_separated_by_what_people_type(acting, text, count):
    with acting("ada"):
        assert len(invitations.check_addresses(text)) == count


@pytest.mark.parametrize("text", ["", "  ,; \n", " ".join(f"p{n}@x.example" for n in range(51))])
def test_none_and_more_than_fifty_are_refused(acting, text):
    with pytest.raises(Invalid) as problem, acting("ada"):
        invitations.check_addresses(text)
    assert "emails" in problem.value.fields


def test_fifty_at_once_are_invited(world, ada):
    body = {"emails": [f"p{n}@x.example" for n in range(50)], "role": "member"}
    results = ada.api.post("iam/invitations", body).json["data"]
    assert {r["status"] for r in results} == {"invited"} and len({r["link"] for r in results}) == 50
    assert ada.api.post("iam/invitations", body | {"emails": [*body["emails"], "q@x.example"]}).status_code == 422


def test_an_expired_invite_makes_way_for_a_new_one(world, ada, doors, cast):
    change(world, "invitations", {"id": cast.acme.invitation}, expires_at=now() - timedelta(days=1))
    listed = ada.api.get("iam/invitations").json["data"]
    assert [row["status"] for row in listed] == ["expired"], "expired ones stay visible"
    result = ada.api.post("iam/invitations", {"emails": [cast.acme.invited], "role": "admin"}).json["data"][0]
    assert result["status"] == "invited"
    assert opens(doors, cast.acme.invite_secret) == 410
    assert opens(doors, secret_of(result)) == 200
    assert len(ada.api.get("iam/invitations").json["data"]) == 1


@pytest.mark.parametrize("door", ["page", "api"])
def test_resending_kills_the_old_link_and_starts_the_clock_again(world, ada, doors, cast, door):
    soon = now() + timedelta(minutes=1)
    change(world, "invitations", {"id": cast.acme.invitation}, expires_at=soon)
    if door == "api":
        answer = ada.api.post(f"iam/invitations/{cast.acme.invitation}/resend")
        secret = secret_of(answer.json["data"])
    else:
        import re

        answer = ada.page.post(f"/o/acme/members/invitations/{cast.acme.invitation}/resend")
        secret = re.search(r"/i/([\w-]+)", answer.get_data(as_text=True))[1]
    assert answer.status_code == 200
    assert opens(doors, cast.acme.invite_secret) == 410
    assert opens(doors, secret) == 200
    assert rows(world, "invitations", id=cast.acme.invitation)[0]["expires_at"] > now() + timedelta(days=6)


def test_resending_moves_the_invite_to_who_resends(world, acting, doors, cast):
    """Else an invite would die with an admin who sent it once and left."""
    from fastpix.resources.members import domain as members

    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="admin")
    with acting("mel"):
        secret = secret_of(invitations.resend(cast.acme.invitation))
    row = rows(world, "invitations", id=cast.acme.invitation)[0]
    assert (row["inviter_id"], row["inviter_name"]) == (cast.acme.members["mel"], "Mel Member")
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="member")
    assert opens(doors, secret) == 410


def test_a_resent_invites_unsent_mail_is_taken_back(office):
    ada = office.doors("ada").api
    made = ada.post("iam/invitations", {"emails": ["one@new.example"], "role": "member"}).json["data"][0]
    ada.post(f"iam/invitations/{made['invitation']['id']}/resend")
    assert len(office.letters("one@new.example")) == 1, "a mail with a dead link is not sent"
    ada.delete(f"iam/invitations/{made['invitation']['id']}")
    assert office.letters("one@new.example") == []


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_pending_invite_can_be_edited_and_the_person_joins_as_edited(world, ada, doors, cast, door):
    acme = cast.acme
    if door == "api":
        body = {"role": "member", "workspaces": [str(acme.workspace)]}
        assert ada.api.patch(f"iam/invitations/{acme.invitation}", body).status_code == 200
    else:
        form = {"role": "member", "access": "these", "workspaces": str(acme.workspace)}
        assert ada.page.post(f"/o/acme/members/invitations/{acme.invitation}/edit", form).status_code == 303
    pat = doors(None).page
    pat.get(f"/i/{acme.invite_secret}")
    assert pat.post("/invite/join", {"name": "Pat", "password": "a quite different phrase"}).status_code == 303
    assert pat.get(f"/o/acme/workspaces/{acme.workspace}").status_code == 200
    assert pat.get(f"/o/acme/workspaces/{acme.workspaces['development']}").status_code == 404


def test_role_and_workspaces_come_from_the_row_and_not_from_the_link(ada, doors, cast):
    """The link was made for a member; the row says admin by the time it is used."""
    assert ada.api.patch(f"iam/invitations/{cast.acme.invitation}", {"role": "admin"}).status_code == 200
    pat = doors(None).page
    pat.get(f"/i/{cast.acme.invite_secret}?role=member")
    pat.post("/invite/join", {"name": "Pat", "password": "a quite different phrase", "role": "member"})
    assert pat.get("/o/acme/signing-keys/").status_code == 200


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_revoked_invite_is_gone_at_once(ada, doors, cast, door):
    path = f"invitations/{cast.acme.invitation}"
    if door == "api":
        assert ada.api.delete(f"iam/{path}").json == {"success": True}
    else:
        assert ada.page.post(f"/o/acme/members/{path}/revoke").status_code == 303
    assert opens(doors, cast.acme.invite_secret) == 410
    assert ada.api.get(f"iam/{path}").status_code == 404
    assert ada.api.delete(f"iam/{path}").status_code == 404


def test_an_accepted_invite_is_out_of_reach(acting, doors, cast):
    pat = doors(None).page
    pat.get(f"/i/{cast.acme.invite_secret}")
    pat.post("/invite/join", {"name": "Pat", "password": "a quite different phrase"})
    for verb in (invitations.get, invitations.edit, invitations.resend, invitations.revoke):
        with pytest.raises(Missing), acting("ada"):
            verb(cast.acme.invitation)


def test_workspaces_of_another_organization_cannot_be_granted(world, ada, cast):
    before = world.digest()
    body = {"emails": ["one@new.example"], "role": "member", "workspaces": [str(cast.rival.workspace)]}
    answer = ada.api.post("iam/invitations", body)
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == "workspaces"
    patch = {"workspaces": [str(cast.rival.workspace)]}
    assert ada.api.patch(f"iam/invitations/{cast.acme.invitation}", patch).status_code == 422
    assert world.digest() == before


def test_limits_count_per_organization_and_are_told_per_address(world, ada):
    world.set(invites_per_hour=5)
    body = {"emails": [f"p{n}@x.example" for n in range(6)], "role": "member"}
    results = ada.api.post("iam/invitations", body).json["data"]
    assert [r["status"] for r in results] == ["invited"] * 5 + ["limited"]
    assert "Too many tries" in results[-1]["message"] and results[-1]["link"] is None


def test_one_address_is_not_flooded(ada, cast):
    statuses = [ada.api.post(f"iam/invitations/{cast.acme.invitation}/resend").status_code for _ in range(11)]
    assert set(statuses) == {200, 409} and statuses[0] == 200
    last = ada.api.post(f"iam/invitations/{cast.acme.invitation}/resend")
    assert re.match(r"Too many tries. Wait \d+ minutes", last.json["error"]["message"])
    assert "Retry-After" not in last.headers, "published clients repeat a 429 for up to an hour"
    page = ada.page.post(f"/o/acme/members/invitations/{cast.acme.invitation}/resend")
    assert page.status_code == 429 and int(page.headers["Retry-After"]) > 60, "a person reads how long it takes"


def test_members_see_pending_invites_without_a_link(mel, cast):
    row = mel.api.get("iam/invitations").json["data"][0]
    assert (row["email"], row["role"], row["invitedBy"]) == ("pat@acme.example", "member", "Ada Admin")
    assert "link" not in row and "/i/" not in str(row)
    page = mel.page.get("/o/acme/members/invitations/").get_data(as_text=True)
    assert "pat@acme.example" in page
    for control in ("resend", "revoke", "/edit"):
        assert f"invitations/{cast.acme.invitation}/{control.strip('/')}" not in page


def test_inviting_an_admin_is_told_to_all_admins(office):
    office.doors("ada").api.post("iam/invitations", {"emails": ["boss@new.example"], "role": "admin"})
    told = office.letters("ada@ada.example")[-1]
    assert "Ada Admin's token" in told.text or "boss@new.example" in told.text
    assert office.letters("mel@mel.example") == []


def test_who_joined_is_told_to_the_inviter(office):
    made = office.doors("ada").api.post("iam/invitations", {"emails": ["one@new.example"], "role": "member"})
    page = office.doors().page
    page.get(f"/i/{secret_of(made.json['data'][0])}")
    page.post("/invite/join", {"name": "One", "password": "a quite different phrase"})
    assert [letter.kind for letter in office.letters("ada@ada.example")] == ["member_joined"]


def test_days_of_validity_come_from_the_settings(world, ada):
    world.set(invite_days=2)
    made = ada.api.post("iam/invitations", {"emails": ["one@new.example"], "role": "member"}).json["data"][0]
    row = next(r for r in rows(world, "invitations") if str(r["id"]) == made["invitation"]["id"])
    assert timedelta(days=1, hours=23) < row["expires_at"] - now() <= timedelta(days=2)


def test_the_same_form_sent_twice_invites_once(world, ada):
    form = {"emails": "one@new.example", "role": "member", "access": "all", "once_key": "k" * 32}
    assert ada.page.post("/o/acme/members/invitations/new", form).status_code == 200
    before = world.digest()
    again = ada.page.post("/o/acme/members/invitations/new", form | {"emails": "two@new.example"})
    assert again.status_code == 409 and b"sent already" in again.data and b"two@new.example" in again.data
    assert world.digest() == before


@pytest.mark.sqlite
def test_a_limit_of_0_turns_all_limits_of_invites_off(world, ada, cast):
    """That of one address, too: it is resent to again and again."""
    world.set(invites_per_hour=0)
    statuses = {ada.api.post(f"iam/invitations/{cast.acme.invitation}/resend").status_code for _ in range(15)}
    assert statuses == {200}
