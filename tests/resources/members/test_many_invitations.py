"""Many invites at once: ticked, resent or revoked together, each by the rules of one; their links are shown as one text."""

from __future__ import annotations

import html
import re

import pytest

from fastpix.resources.members.invitations import domain
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite

EMAILS = ("ann@new.example", "bob@new.example", "cy@new.example")


@pytest.fixture
def invited(ada):
    """The ids of three open invites, by address."""
    results = ada.api.post("iam/invitations", {"emails": list(EMAILS), "role": "member"}).json["data"]
    return {each["email"]: each["invitation"]["id"] for each in results}


def hashes(world, invitation_ids):
    return {row["shown_hash"] for row in rows(world, "invitations") if str(row["id"]) in invitation_ids}


def test_ticked_ones_are_resent_and_all_links_are_one_text(world, ada, invited, cast):
    two = [invited[email] for email in EMAILS[:2]]
    assert ada.page.get("/o/acme/members/invitations/").get_data(as_text=True).count('name="invitation"') == 4
    asked = ada.page.get("/o/acme/members/invitations/chosen/resend", query_string={"invitation": two})
    text = asked.get_data(as_text=True)
    assert "Make new links for 2 invites?" in text and EMAILS[0] in text and EMAILS[2] not in text
    before = hashes(world, two)
    shown = ada.page.post("/o/acme/members/invitations/chosen/resend", {"invitation": two}).get_data(as_text=True)
    assert not before & hashes(world, two), "the old links are dead"
    lines = html.unescape(re.search(r'<textarea[^>]*id="links"[^>]*>(.*?)</textarea>', shown, re.S)[1]).splitlines()
    assert [line.split("\t")[0] for line in lines] == list(EMAILS[:2])
    assert all(re.fullmatch(r"http://\S+/i/\S+", line.split("\t")[1]) for line in lines)
    log = [row for row in rows(world, "audit_log", action="members.invite") if row["target_id"] in two]
    assert sorted(row["target_id"] for row in log if "expires_at" in row["after"]) == sorted(two), "a row for each"


def test_ticked_ones_are_revoked_and_who_joined_meanwhile_is_left_out(world, ada, invited):
    ids = list(invited.values())
    assert ada.api.delete(f"iam/invitations/{ids[0]}").status_code == 200
    sent = ada.page.post("/o/acme/members/invitations/chosen/revoke", {"invitation": ids})
    assert "2 invites were revoked." in ada.page.get(sent.location).get_data(as_text=True)
    assert all(row["revoked_at"] for row in rows(world, "invitations") if str(row["id"]) in ids)
    again = ada.page.post("/o/acme/members/invitations/chosen/revoke", {"invitation": ids})
    assert again.status_code == 422 and "No invite was chosen" in again.get_data(as_text=True)


def test_an_address_that_was_sent_too_many_stays_and_says_so(world, ada, invited):
    ids = list(invited.values())
    for _ in range(9):
        assert ada.api.post(f"iam/invitations/{ids[0]}/resend").status_code == 200
    before = hashes(world, ids[:1])
    shown = ada.page.post("/o/acme/members/invitations/chosen/resend", {"invitation": ids})
    assert shown.status_code == 200 and "Too many" in shown.get_data(as_text=True)
    assert hashes(world, ids[:1]) == before, "its link still works"


def test_one_that_goes_at_that_moment_keeps_the_others_from_nothing(world, ada, invited, monkeypatch):
    """The ticked are read before the change begins, so another admin may still revoke one of them."""
    ids = list(invited.values())
    really = domain.chosen

    def and_then_one_goes(wanted):
        rows = really(wanted)
        monkeypatch.undo()
        domain.revoke(rows[0]["id"])
        return rows

    for verb in ("resend", "revoke"):
        before = hashes(world, ids)
        monkeypatch.setattr(domain, "chosen", and_then_one_goes)
        answer = ada.page.post(f"/o/acme/members/invitations/chosen/{verb}", {"invitation": ids})
        if verb == "resend":
            assert answer.status_code == 200 and len(before - hashes(world, ids)) == 2
            ids = ids[1:]
        else:
            assert "1 invite was revoked" in ada.page.get(answer.location).get_data(as_text=True)


def test_members_and_other_houses_change_none(world, mel, rex, invited):
    before = world.digest()
    ids = {"invitation": list(invited.values())}
    for what in ("resend", "revoke"):
        assert mel.page.post(f"/o/acme/members/invitations/chosen/{what}", ids).status_code == 403
        assert rex.page.post(f"/o/rival/members/invitations/chosen/{what}", ids).status_code == 422
    assert world.digest() == before
