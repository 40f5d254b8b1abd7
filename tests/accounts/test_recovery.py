"""A forgotten password and a new address, with the mails as they lie in the outbox."""

from __future__ import annotations

import pytest

from tests.cast import PASSWORD
from tests.doors import PageDoor
from tests.stories.tables import change, rows

NEW = "a quite different phrase"


def ask(office, email="mel@mel.example"):
    assert office.doors().page.post("/forgot", {"email": email}).status_code == 200
    return office.path(email, "password_reset")


def test_a_forgotten_password_is_set_through_the_mailed_link(office):
    path = ask(office)
    page = PageDoor(office.app)
    assert page.get(path).location == "/reset"
    form = page.get("/reset")
    assert form.status_code == 200 and b"mel@mel.example" in form.data, "for the password manager"
    done = page.post("/reset", {"password": NEW})
    assert done.status_code == 303 and done.location == "/sign-in"
    assert b"Your password is set" in page.get("/sign-in").data
    assert page.post("/sign-in", {"email": "mel@mel.example", "password": PASSWORD}).status_code == 422
    assert page.post("/sign-in", {"email": "mel@mel.example", "password": NEW}).status_code == 303
    assert office.letters("mel@mel.example")[-1].kind == "password_changed"


def test_a_reset_ends_every_session(office):
    mel = office.doors("mel")
    assert mel.page.get("/account").status_code == 200
    page = PageDoor(office.app)
    page.get(ask(office))
    page.post("/reset", {"password": NEW})
    assert mel.page.get("/account").status_code == 302
    assert rows(office.world, "sessions", person_id=mel.id) == []


def test_a_reset_does_not_sign_in(office):
    page = PageDoor(office.app)
    page.get(ask(office))
    page.post("/reset", {"password": NEW})
    assert page.get("/account").status_code == 302


def test_a_bad_password_uses_the_link_up_not(office):
    page = PageDoor(office.app)
    page.get(ask(office))
    before = office.world.digest()
    for bad in ("short", "mel@mel.example", "x" * 201, "aaaaaaaaaaaaaaa"):
        assert page.post("/reset", {"password": bad}).status_code == 422
    assert office.world.digest() == before
    assert page.post("/reset", {"password": NEW}).status_code == 303


def test_only_the_newest_link_counts(office):
    first, second = ask(office), ask(office)
    old, new = PageDoor(office.app), PageDoor(office.app)
    old.get(first)
    new.get(second)
    assert old.get("/reset").status_code == 410
    assert new.get("/reset").status_code == 200


def test_a_reset_proves_the_address(office):
    change(office.world, "people", {"email": "mel@mel.example"}, email_verified_at=None)
    page = PageDoor(office.app)
    page.get(ask(office))
    page.post("/reset", {"password": NEW})
    assert rows(office.world, "people", email="mel@mel.example")[0]["email_verified_at"] is not None


def test_what_is_no_address_is_said_at_the_field(office):
    answer = office.doors().page.post("/forgot", {"email": "no address"})
    assert answer.status_code == 422 and b"no address" in answer.data
    assert office.letters() == []


@pytest.mark.sqlite
def test_without_a_mail_server_the_page_says_so(world, anonymous):
    text = anonymous.page.get("/forgot").get_data(as_text=True)
    assert "fastpix reset-password" in text or "operator" in text


def test_a_new_address_counts_once_it_is_proved(office):
    mel = office.doors("mel")
    assert mel.page.post("/account/email", {"email": "Mel.New@mel.example"}).status_code == 303
    assert rows(office.world, "people", id=mel.id)[0]["email"] == "mel@mel.example"
    anywhere = PageDoor(office.app)
    anywhere.get(office.path("Mel.New@mel.example", "email_change"))
    assert b"Mel.New@mel.example" in anywhere.get("/email").data
    assert rows(office.world, "people", id=mel.id)[0]["email"] == "mel@mel.example", "looking changes nothing"
    assert anywhere.post("/email").status_code == 303
    person = rows(office.world, "people", id=mel.id)[0]
    assert (person["email"], person["email_canonical"]) == ("Mel.New@mel.example", "mel.new@mel.example")
    told = office.letters("mel@mel.example")[-1]
    assert told.kind == "email_changed" and "Mel.New@mel.example" in told.text, "the old address is told"


def test_an_address_that_was_taken_meanwhile_is_refused(office):
    from fastpix.resources.people import domain as people

    mel = office.doors("mel")
    mel.page.post("/account/email", {"email": "wanted@w.example"})
    path = office.path("wanted@w.example", "email_change")
    with office.world.session():
        people.add("wanted@w.example", "Quicker", PASSWORD, is_verified=True)
    page = PageDoor(office.app)
    page.get(path)
    assert page.post("/email").status_code == 422
    assert rows(office.world, "people", id=mel.id)[0]["email"] == "mel@mel.example"


@pytest.mark.parametrize("address", ["mel@mel.example", "MEL@MEL.EXAMPLE", "nonsense", ""])
def test_the_present_address_and_nonsense_are_refused_at_the_field(office, address):
    answer = office.doors("mel").page.post("/account/email", {"email": address})
    assert answer.status_code == 422 and office.letters() == []


@pytest.mark.sqlite
def test_without_a_mail_server_an_address_cannot_be_changed_and_the_reason_is_said(world, mel):
    before = world.digest()
    answer = mel.page.post("/account/email", {"email": "new@mel.example"})
    assert answer.status_code == 422 and b"Mail is not set up here" in answer.data
    assert world.digest() == before


def test_asking_too_often_for_a_new_address_is_refused_with_the_wait(office):
    page = office.doors("mel").page
    statuses = [page.post("/account/email", {"email": f"m{n}@mel.example"}).status_code for n in range(6)]
    assert statuses[:5] == [303] * 5 and statuses[5] == 429
