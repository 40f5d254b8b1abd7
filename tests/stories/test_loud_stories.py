"""What a thief or a traitor does is told at once, to every admin and to the person it is done to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fastpix.access import principal
from fastpix.accounts import known_devices
from fastpix.db import now
from fastpix.resources.members import domain as members
from tests.cast import PASSWORD
from tests.doors import PageDoor
from tests.stories.tables import change, rows

ADA, MEL = "ada@ada.example", "mel@mel.example"


def told(office, kind="membership_changed"):
    return {letter.recipient: letter.text for letter in office.letters(kind=kind)}


def promote(office, key="mel"):
    office.doors("ada").api.patch(f"iam/members/{office.cast.acme.members[key]}", {"role": "admin"})
    office.kept = len(office.rows())


def test_a_promotion_is_told_to_all_admins_and_in_own_words_to_the_person(office):
    office.doors("ada").api.patch(f"iam/members/{office.cast.acme.members['mel']}", {"role": "admin"})
    said = told(office)
    assert set(said) == {ADA, MEL}
    assert "changed the role of Mel Member: now an admin of Acme" in said[ADA]
    assert "Done by Ada Admin over the API, from the address 127.0.0.1" in said[ADA] and "UTC." in said[ADA]
    assert "http://localhost/o/acme/audit" in said[ADA]
    assert "you are now an admin of Acme" in said[MEL] and "audit" not in said[MEL]


def test_a_demotion_and_a_removal_of_an_admin_are_told(office):
    promote(office)
    office.doors("ada").api.patch(f"iam/members/{office.cast.acme.members['mel']}", {"role": "member"})
    assert "no admin any more" in told(office)[MEL] and "no admin any more" in told(office)[ADA]
    promote(office)
    office.doors("ada").api.delete(f"iam/members/{office.cast.acme.members['mel']}")
    assert "removed you from Acme" in told(office)[MEL] and "removed Mel Member (mel@mel.example)" in told(office)[ADA]


def test_an_invite_for_an_admin_is_told_when_sent_made_so_and_accepted(office):
    ada = office.doors("ada")
    ada.api.post("iam/invitations", {"emails": ["new@new.example"], "role": "admin"})
    assert "invited new@new.example to Acme as an admin" in told(office)[ADA]
    office.kept = len(office.rows())
    made = ada.api.post("iam/invitations", {"emails": ["sam@sam.example"], "role": "member"}).json["data"][0]
    assert told(office) == {}, "a member more is no news"
    ada.api.patch(f"iam/invitations/{made['invitation']['id']}", {"role": "admin"})
    assert "invited sam@sam.example to Acme as an admin" in told(office)[ADA]
    office.kept = len(office.rows())
    page = office.doors("sam").page
    page.get(f"/i/{made['link'].rpartition('/')[2]}")
    assert page.post("/invite/accept", {}).status_code == 303
    assert "accepted the invite of Ada Admin and is an admin of Acme now" in told(office)[ADA]


def test_a_successor_and_the_other_admins_are_told(office):
    ada = office.doors("ada")
    answer = ada.page.post("/o/acme/members/leave", {"successor": str(office.cast.acme.members["mel"])})
    assert answer.status_code == 303
    texts = [letter.text for letter in office.letters(MEL, "membership_changed")]
    assert any("you are now an admin of Acme" in text for text in texts)
    assert any("You left Acme" in letter.text for letter in office.letters(ADA, "membership_changed"))


def test_a_changed_policy_is_told_and_an_unchanged_one_is_not(office):
    office.doors("ada").api.patch("iam/organization", {"name": "Acme two", "membersEditWorkspaces": True})
    assert told(office) == {}
    office.doors("ada").api.patch("iam/organization", {"membersEditWorkspaces": False, "auditDays": 90})
    text = told(office)[ADA]
    assert "members may no longer edit workspace details; the audit log is kept for 90 days" in text
    assert "http://localhost/o/acme/settings" in text


def test_a_command_is_told_as_well(office):
    with office.world.session():
        who = principal.system("fastpix set-role", office.cast.acme.id, "cli")
        with principal.acting(who):
            members.edit(office.cast.acme.members["mel"], "admin")
    assert "Done by fastpix set-role by a command on the server" in told(office)[ADA]
    assert MEL in told(office)


def test_a_refused_change_is_told_to_nobody(office):
    office.doors("mel").api.patch(f"iam/members/{office.cast.acme.members['mel']}", {"role": "admin"})
    assert office.letters() == []


# A password in other hands.


@pytest.fixture
def home(office):
    """A browser in which Mel has signed in before."""
    page = PageDoor(office.world.app)
    sign_in(page)
    assert told(office, "new_sign_in") == {}, "the first browser of an account is no news"
    return page


def sign_in(page, agent="Mozilla/5.0 (X11; Linux) Firefox/140"):
    headers = {"User-Agent": agent}
    answer = page.open("POST", "/sign-in", data={"email": MEL, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 303
    return answer


def test_a_sign_in_from_an_unknown_browser_is_told(office, home):
    answer = sign_in(PageDoor(office.world.app))
    text = told(office, "new_sign_in")[MEL]
    assert "Firefox on Linux, from the address 127.0.0.1" in text and "http://localhost/account/sessions" in text
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("fastpix_device="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert rows(office.world, "audit_log", action="account.sign_in")[-1]["after"]["new_device"] is True


def test_the_known_browser_is_not_told_again_though_it_signed_out(office, home):
    home.post("/sign-out")
    sign_in(home)
    assert told(office, "new_sign_in") == {}


def test_a_browser_known_to_another_person_is_unknown_to_this_one(office, home):
    other = PageDoor(office.world.app)
    other.post("/sign-in", {"email": ADA, "password": PASSWORD})
    sign_in(other)
    assert set(told(office, "new_sign_in")) == {MEL}


def test_a_made_up_cookie_makes_no_browser_known(office, home):
    page = PageDoor(office.world.app)
    page.client.set_cookie("fastpix_device", "A" * 43)
    sign_in(page)
    page = PageDoor(office.world.app)
    page.client.set_cookie("fastpix_device", "no secret at all")
    sign_in(page)
    assert len(office.letters(MEL, "new_sign_in")) == 2


def test_an_old_account_that_knows_no_browser_is_told_of_its_first(office):
    change(office.world, "people", {"email": MEL}, created_at=now() - timedelta(days=2))
    sign_in(PageDoor(office.world.app))
    assert MEL in told(office, "new_sign_in")


def test_a_wrong_password_leaves_no_cookie_and_no_letter(office, home):
    page = PageDoor(office.world.app)
    answer = page.post("/sign-in", {"email": MEL, "password": "wrong"})
    assert not any("fastpix_device" in c for c in answer.headers.getlist("Set-Cookie"))
    assert told(office, "new_sign_in") == {}


def test_browsers_are_forgotten_after_their_cookie(office, home):
    change(office.world, "known_devices", {}, last_seen_at=now() - timedelta(days=401))
    with office.world.session():
        assert known_devices.prune() == 1
    assert rows(office.world, "known_devices") == []


def test_without_the_look_at_the_person_a_thief_with_an_account_here_would_go_unseen(office, home, monkeypatch):
    """Breaks the guard on purpose: a browser known to anybody counts for everybody."""
    other = PageDoor(office.world.app)
    other.post("/sign-in", {"email": ADA, "password": PASSWORD})
    monkeypatch.setattr(known_devices, "meet", lambda person, device, **_: not rows(office.world, "known_devices"))
    sign_in(other)
    assert told(office, "new_sign_in") == {}


def test_a_suspension_and_its_end_are_told(office):
    promote(office)
    path = f"iam/members/{office.cast.acme.members['mel']}"
    assert office.doors("ada").api.post(f"{path}/suspend").status_code == 200
    said = told(office)
    assert set(said) == {ADA, MEL}
    assert "suspended you in Acme" in said[MEL] and "audit" not in said[MEL]
    assert "suspended 1 person: Mel Member (mel@mel.example) in Acme" in said[ADA]
    office.kept = len(office.rows())
    office.doors("ada").api.patch("iam/organization", {"auditDays": 90})
    assert set(told(office)) == {ADA}, "who is suspended hears nothing of what admins hear"
    office.kept = len(office.rows())
    assert office.doors("ada").api.post(f"{path}/resume").status_code == 200
    assert "resumed you in Acme" in told(office)[MEL] and "resumed 1 person" in told(office)[ADA]
