"""Attacks on invites: another address, an account made on a foreign address, reuse, an inviter who lost their rights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from fastpix.accounts import sessions
from fastpix.db import now
from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import acceptance
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.people import domain as people
from tests.cast import PASSWORD, cookie_name
from tests.doors import Doors, PageDoor
from tests.stories.tables import change, rows

NEW = "a quite different phrase"


def open_invite(page, secret):
    assert page.get(f"/i/{secret}").status_code == 302
    return page.get("/invite")


def members_of(world, house):
    return {row["person_id"] for row in rows(world, "members", organization_id=house.id)}


def person(world, email):
    return next(iter(rows(world, "people", email_canonical=email)), None)


# Class 1: an invite accepted under another address.


def test_signed_in_as_somebody_else_one_cannot_accept(world, sam, cast):
    before = world.digest()
    page = open_invite(sam.page, cast.acme.invite_secret)
    assert page.status_code == 200
    refused = sam.page.post("/invite/accept")
    assert refused.status_code == 409
    assert world.digest() == before, "nothing was consumed by the mismatch"
    assert sam.id not in members_of(world, cast.acme)
    assert rows(world, "invitations", id=cast.acme.invitation)[0]["used_at"] is None


@pytest.mark.parametrize("behind", [".", ")", ">", "%20", ">.", "%22,", "%E2%80%9D", "]"])
def test_what_stands_behind_the_link_in_a_text_is_none_of_it(anonymous, cast, behind):
    """As mail programs and chats make links of texts. The same door opens resets and new addresses."""
    assert "invited" in open_invite(anonymous.page, cast.acme.invite_secret + behind).text


def test_the_wrong_account_could_join_if_the_address_were_not_compared(world, sam, cast, monkeypatch):
    """Breaks the guard on purpose, so that the test above is known to look at it."""
    monkeypatch.setattr(acceptance, "_check_person", lambda invite, person: None)
    open_invite(sam.page, cast.acme.invite_secret)
    assert sam.page.post("/invite/accept").status_code == 303
    assert sam.id in members_of(world, cast.acme)


def test_a_forged_address_in_the_sign_up_form_is_ignored(world, anonymous, cast):
    open_invite(anonymous.page, cast.acme.invite_secret)
    forged = {
        "name": "Pat",
        "password": NEW,
        "email": "mallory@evil.example",
        "email_canonical": "mallory@evil.example",
    }
    assert anonymous.page.post("/invite/join", forged).status_code == 303
    assert person(world, "mallory@evil.example") is None
    assert person(world, "pat@acme.example")["id"] in members_of(world, cast.acme)


def test_an_existing_account_cannot_be_joined_as_new(world, anonymous, acting, cast, sam):
    """The link alone must not set a password on somebody's account."""
    with acting("ada"):
        secret = invitations.invite([sam.email], "member")[0]["link"].rpartition("/")[2]
    page = open_invite(anonymous.page, secret)
    assert b"You have an account with this address" in page.data
    before = world.digest()
    assert anonymous.page.post("/invite/join", {"name": "Mallory", "password": NEW}).status_code == 422
    assert anonymous.page.post("/invite/prove", {"password": NEW}).status_code == 409
    assert world.digest() == before


# Class 2: an account somebody made on the victim's address.


@pytest.fixture
def squatter(office):
    """Somebody has an account with vic@vic.example, which was never proved, and is signed in."""
    with office.world.session():
        vic = people.add("vic@vic.example", "Not Vic", PASSWORD, is_verified=False)
        secret = sessions.start(vic.id, timedelta(days=1), is_remembered=False, address="", user_agent="")
    page = PageDoor(office.app, secret)
    assert page.get("/account").status_code == 200
    return page


def invite_vic(office):
    result = office.doors("ada").api.post("iam/invitations", {"emails": ["vic@vic.example"], "role": "member"})
    return result.json["data"][0]["link"].rpartition("/")[2], office.path("vic@vic.example", "invitation").rpartition(
        "/"
    )[2]


def test_the_mailed_link_on_a_never_proved_account_sets_a_new_password_and_ends_its_sessions(office, squatter):
    _, mailed = invite_vic(office)
    vic = PageDoor(office.app)
    page = open_invite(vic, mailed)
    assert b"never proved" in page.data
    assert vic.post("/invite/prove", {"password": NEW}).status_code == 303
    assert vic.get("/o/acme/").status_code == 200
    assert squatter.get("/account").status_code == 302, "the squatter's session ended"
    old = PageDoor(office.app).post("/sign-in", {"email": "vic@vic.example", "password": PASSWORD})
    assert old.status_code == 422, "and their password is void"
    assert person(office.world, "vic@vic.example")["email_verified_at"] is not None


def test_the_squatter_cannot_accept_the_mailed_invite_from_their_session(office, squatter):
    _, mailed = invite_vic(office)
    before = office.world.digest()
    open_invite(squatter, mailed)
    assert squatter.post("/invite/accept").status_code == 409
    assert office.world.digest() == before


def test_the_shown_link_makes_a_member_and_does_not_verify(office, squatter):
    shown, _ = invite_vic(office)
    open_invite(squatter, shown)
    assert squatter.post("/invite/accept").status_code == 303
    assert person(office.world, "vic@vic.example")["email_verified_at"] is None


def test_the_shown_link_cannot_take_over_the_never_proved_account(office, squatter):
    shown, _ = invite_vic(office)
    somebody = PageDoor(office.app)
    open_invite(somebody, shown)
    before = office.world.digest()
    assert somebody.post("/invite/prove", {"password": NEW}).status_code == 409
    assert office.world.digest() == before


@pytest.mark.parametrize("is_mailed", [True, False])
def test_only_the_mailed_link_verifies_a_new_persons_address(office, is_mailed):
    shown, mailed = invite_vic(office)
    vic = PageDoor(office.app)
    open_invite(vic, mailed if is_mailed else shown)
    assert vic.post("/invite/join", {"name": "Vic", "password": NEW}).status_code == 303
    assert (person(office.world, "vic@vic.example")["email_verified_at"] is not None) is is_mailed


# Class 3: a link used more than once.


def test_a_second_and_a_third_use_are_gone(world, doors, cast):
    secret = cast.acme.invite_secret
    first = doors(None).page
    open_invite(first, secret)
    assert first.post("/invite/join", {"name": "Pat", "password": NEW}).status_code == 303
    before = world.digest()
    for _ in range(2):
        again = doors(None).page
        assert open_invite(again, secret).status_code == 410
        assert again.post("/invite/join", {"name": "Pat Two", "password": NEW}).status_code == 410
    assert world.digest() == before


def test_whoever_is_in_by_a_used_invite_goes_in(world, doors, cast):
    """Also after signing in on the way; others are told what happened, and not which organization it was."""
    secret = cast.acme.invite_secret
    pat = doors(None).page
    open_invite(pat, secret)
    assert pat.post("/invite/join", {"name": "Pat", "password": NEW}).status_code == 303
    answer = open_invite(pat, secret)
    assert (answer.status_code, answer.location) == (302, "/o/acme/")
    assert pat.get("/invite").status_code == 410, "the secret is put away"
    stranger = doors(None).page
    page = open_invite(stranger, secret)
    assert page.status_code == 410 and "If it was you, sign in" in page.text and "Acme" not in page.text
    stranger.post("/sign-in", {"email": cast.acme.invited, "password": NEW, "next": "/invite"})
    assert 'href="/sign-in?next=/invite"' in page.text and stranger.get("/invite").location == "/o/acme/"
    other = doors("rex").page
    page = open_invite(other, secret)
    assert page.status_code == 410 and "rex@" in page.text and "Sign out and continue" in page.text


def test_both_links_of_one_invite_die_together(office):
    shown, mailed = invite_vic(office)
    vic = PageDoor(office.app)
    open_invite(vic, mailed)
    assert vic.post("/invite/join", {"name": "Vic", "password": NEW}).status_code == 303
    assert open_invite(PageDoor(office.app), shown).status_code == 410


def test_two_at_the_same_moment_make_one_member(world, cast):
    pages = [PageDoor(world.app) for _ in range(2)]
    for page in pages:
        open_invite(page, cast.acme.invite_secret)
        page.csrf_token()
    start = Barrier(2)

    def join(page):
        start.wait(10)
        return page.post("/invite/join", {"name": "Pat", "password": NEW}).status_code

    before = len(members_of(world, cast.acme))
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(join, pages))
    assert statuses[0] == 303 and statuses[1] in (409, 410, 422)
    assert len(members_of(world, cast.acme)) == before + 1


# Class 6: the inviter lost their rights.


@pytest.mark.parametrize("how", ["demoted", "removed"])
def test_an_invite_dies_with_its_inviters_rights(world, acting, anonymous, cast, how):
    mel = cast.acme.members["mel"]
    with acting("ada"):
        members.edit(mel, role="admin")
    with acting("mel"):
        secret = invitations.invite(["new@new.example"], "admin")[0]["link"].rpartition("/")[2]
    assert open_invite(anonymous.page, secret).status_code == 200
    with acting("ada"):
        if how == "demoted":
            members.edit(mel, role="member")
        else:
            members.remove(mel)
    before = world.digest()
    assert anonymous.page.get("/invite").status_code == 410
    assert anonymous.page.post("/invite/join", {"name": "New", "password": NEW}).status_code == 410
    assert world.digest() == before


def test_a_demoted_inviters_invite_is_named_by_its_reason(acting, anonymous, cast):
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="admin")
    with acting("mel"):
        secret = invitations.invite(["new@new.example"], "member")[0]["link"].rpartition("/")[2]
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="member")
    assert b"Mel Member, who sent this invite, is no admin any more" in open_invite(anonymous.page, secret).data


def test_revoked_and_expired_invites_are_gone(world, anonymous, acting, cast):
    with acting("ada"):
        invitations.revoke(cast.acme.invitation)
    assert open_invite(anonymous.page, cast.acme.invite_secret).status_code == 410
    world.reset()
    change(world, "invitations", {"id": cast.acme.invitation}, expires_at=now())
    page = open_invite(anonymous.page, cast.acme.invite_secret)
    assert page.status_code == 410 and b"expired" in page.data


# Class 32: the account one happens to be signed in with.


def test_the_page_names_both_addresses_and_offers_ways_out(sam, cast):
    page = open_invite(sam.page, cast.acme.invite_secret).get_data(as_text=True)
    assert "sam@sam.example" in page and "pat@acme.example" in page
    assert 'action="/invite/sign-out"' in page and 'action="/invite/ask"' in page
    assert 'action="/invite/accept"' not in page


def test_accepting_needs_the_csrf_token_of_the_session(world, acting, sam, cast):
    with acting("ada"):
        secret = invitations.invite([sam.email], "member")[0]["link"].rpartition("/")[2]
    page = open_invite(sam.page, secret).get_data(as_text=True)
    assert "You are signed in as Sam Stranger" in page
    before = world.digest()
    assert sam.page.post("/invite/accept", csrf=False).status_code == 400
    foreign = Doors(world.app, cast.people["mel"]).page.csrf_token()
    assert sam.page.post("/invite/accept", {"csrf_token": foreign}, csrf=False).status_code == 400
    assert world.digest() == before
    assert sam.page.post("/invite/accept").status_code == 303


def test_signing_out_on_the_invite_keeps_the_invite(world, sam, cast):
    open_invite(sam.page, cast.acme.invite_secret)
    left = sam.page.post("/invite/sign-out")
    assert left.status_code == 303 and left.location == "/invite"
    page = sam.page.get("/invite")
    assert page.status_code == 200 and b'action="/invite/join"' in page.data
    assert sam.page.get("/account").status_code == 302
    assert sam.page.client.get_cookie(cookie_name(world.app)) is None


def test_asking_for_another_address_tells_the_admins_and_uses_nothing_up(office):
    sam = office.doors("sam")
    open_invite(sam.page, office.cast.acme.invite_secret)
    assert sam.page.post("/invite/ask").status_code == 303
    letter = office.letters("ada@ada.example")[-1]
    assert "sam@sam.example" in letter.text and "pat@acme.example" in letter.text
    assert letter.links[0].endswith("/o/acme/members/invitations/new?emails=sam%40sam.example")
    assert office.letters("mel@mel.example") == [], "only admins are asked"
    form = office.doors("ada").page.get(letter.links[0].removeprefix("http://localhost"))
    assert b"sam@sam.example" in form.data, "one click fills the form"
    assert rows(office.world, "invitations", id=office.cast.acme.invitation)[0]["used_at"] is None


def test_a_form_made_by_hand_uses_nothing_up_for_who_is_signed_in_as_somebody_else(world, ada, rex, cast):
    """No page shows it to them: the page names both addresses. The address behind it must know it, too."""
    rex.page.client.set_cookie("fastpix_invite", cast.acme.invite_secret, path="/invite")
    before = world.digest()
    for path, typed in (("join", {"name": "Pat", "password": PASSWORD}), ("prove", {"password": PASSWORD})):
        answer = rex.page.post(f"/invite/{path}", typed)
        assert answer.status_code == 409 and cast.acme.invited in answer.text
        assert world.digest() == before
    rex.page.post("/sign-out")
    assert rex.page.post("/invite/join", {"name": "Pat", "password": PASSWORD}).status_code == 303
