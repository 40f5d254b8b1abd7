"""Stories of copied, foreign, forged and broken passkeys."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from fastpix.accounts import passkey_protocol, passkeys
from fastpix.config.settings import Settings
from tests.access.test_fresh_steps import grow_stale, is_asked
from tests.accounts.authenticator import (
    Authenticator,
    add_passkey,
    begin_passkey,
    options_in,
    passkey_page,
    removal,
    sign_in_alone,
    to_text,
)
from tests.accounts.codes import CODE, half, is_in
from tests.cast import PASSWORD
from tests.doors import PageDoor
from tests.stories.tables import change, everything, rows
from tests.stories.test_passkey_stories import ADD, after_password  # fixtures too


def copied(world, mel):
    key = add_passkey(mel.page)
    assert after_password(half(world, mel), key).status_code == 303
    key.count -= 1  # a copy made before that use
    page = half(world, mel)
    return after_password(page, key), page


def test_a_use_count_that_went_back_is_refused_and_logged(world, mel, caplog):
    with caplog.at_level(logging.WARNING, "fastpix.accounts.passkeys"):
        answer, page = copied(world, mel)
    assert answer.status_code == 422 and not is_in(page)
    assert "use count went back to 1" in caplog.text


def test_without_the_kept_count_the_copy_would_serve(world, mel, monkeypatch):
    """Breaks the guard on purpose."""
    monkeypatch.setattr(passkeys, "_note_use", lambda passkey_id, count: True)
    assert copied(world, mel)[0].status_code == 303


def test_the_passkey_of_another_person_is_no_second_factor(world, mel, ada):
    add_passkey(mel.page)
    adas = add_passkey(ada.page)
    page = half(world, mel)
    assert after_password(page, adas).status_code == 422 and not is_in(page)


def test_a_passkey_that_names_somebody_else_opens_nobodys_account(world, mel, ada):
    key = add_passkey(mel.page)
    key.person = ada.id.bytes
    page = PageDoor(world.app)
    assert sign_in_alone(page, key).status_code == 422 and not is_in(page)
    key.person = None
    assert sign_in_alone(page, key).status_code == 422


def test_a_forged_signature_is_refused(world, mel):
    key = add_passkey(mel.page)
    forger = Authenticator()
    forger.id, forger.person = key.id, key.person
    page = PageDoor(world.app)
    assert sign_in_alone(page, forger).status_code == 422 and not is_in(page)


def test_a_removed_passkey_opens_nothing(world, mel):
    key = add_passkey(mel.page)
    page = half(world, mel)
    options = options_in(page.get(CODE).text)
    assert mel.page.post(removal(mel.page)).status_code == 303
    assert page.post(CODE, {"passkey": key.get(options)}).status_code == 422 and not is_in(page)
    assert sign_in_alone(PageDoor(world.app), key).status_code == 422
    assert rows(world, "recovery_codes", person_id=mel.id) == [], "it was the last second factor"
    assert not rows(world, "people", id=mel.id)[0]["second_factor_at"]


def test_nobody_removes_the_passkey_of_somebody_else(world, mel, ada):
    add_passkey(mel.page)
    assert ada.page.post(removal(mel.page)).status_code == 404
    assert len(rows(world, "passkeys")) == 1


def test_a_credential_is_stored_once_in_the_instance(world, mel, ada):
    key = add_passkey(mel.page)
    assert mel.page.post(ADD, begin_passkey(mel.page, key)).status_code == 409
    assert ada.page.post(ADD, begin_passkey(ada.page, key)).status_code == 409
    assert len(rows(world, "passkeys")) == 1


@pytest.mark.parametrize("sent", ["", "{}", "[]", "x" * 30_000, '{"id": 1}', "null"])
def test_nonsense_is_refused_with_a_sentence(world, mel, sent):
    add_passkey(mel.page)
    before = rows(world, "passkeys")
    assert mel.page.post(ADD, {"name": "Phone", "passkey": sent}).status_code == 422
    assert half(world, mel).post(CODE, {"passkey": sent}).status_code == 422
    assert PageDoor(world.app).post("/sign-in", {"passkey": sent}).status_code == 422
    assert rows(world, "passkeys") == before


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["clientDataJSON", "attestationObject", "authenticatorData", "signature"])
def test_broken_pieces_are_refused_with_a_sentence(world, mel, name):
    key = add_passkey(mel.page)
    page = half(world, mel)
    for broken in (to_text(b"\xff" * 40), "!", 7):
        made = json.loads(begin_passkey(mel.page)["passkey"])
        shown = json.loads(key.get(options_in(page.get(CODE).text)))
        made["response"][name] = shown["response"][name] = broken
        if name in ("clientDataJSON", "attestationObject"):
            assert mel.page.post(ADD, {"name": "Phone", "passkey": json.dumps(made)}).status_code == 422
        if name != "attestationObject":
            assert page.post(CODE, {"passkey": json.dumps(shown)}).status_code == 422
            assert page.post("/sign-in", {"passkey": json.dumps(shown)}).status_code == 422


def test_passkeys_cannot_be_tried_one_after_the_other(world, mel, monkeypatch):
    key = add_passkey(mel.page)
    strict = replace(world.app.config["FASTPIX"], sign_in_attempts=3)
    monkeypatch.setitem(world.app.config, "FASTPIX", strict)
    page = half(world, mel)
    statuses = [page.post(CODE, {"passkey": "{}"}).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]
    assert after_password(page, key).status_code == 429
    assert sign_in_alone(PageDoor(world.app), key).status_code == 429


def test_a_foreign_page_can_neither_add_nor_sign_in(world, mel):
    """The last is a trap: the victim would act in the account of the attacker."""
    key = add_passkey(mel.page)
    before = world.digest()
    assert mel.page.post(ADD, begin_passkey(mel.page), csrf=False).status_code == 400
    page = PageDoor(world.app)
    answer = key.get(options_in(page.get("/sign-in").text))
    assert page.post("/sign-in", {"passkey": answer}, csrf=False).status_code == 400
    assert world.digest() == before


def test_only_the_public_key_is_stored(world, mel):
    key = add_passkey(mel.page)
    private = key.key.private_numbers().private_value.to_bytes(32)
    assert repr(private)[2:-1] not in repr(everything(world))
    assert b"\x01\x02\x03\x26" in rows(world, "passkeys")[0]["public_key"], "COSE: EC2, ES256"


def test_turning_it_off_and_the_operator_remove_passkeys_as_well(world, mel):
    from fastpix.accounts import operator

    add_passkey(mel.page)
    assert mel.page.post(passkey_page("/off")).status_code == 303
    assert rows(world, "passkeys") == []
    add_passkey(mel.page)
    with world.session():
        assert operator.reset_second_factor("mel@mel.example")
    assert rows(world, "passkeys") == rows(world, "recovery_codes", person_id=mel.id) == []


def test_a_passkey_satisfies_an_organization_that_requires_a_second_factor(world, mel):
    change(world, "organizations", {"slug": "acme"}, require_second_factor=True)
    assert mel.page.get("/o/acme/").location == "/account/second-factor"
    add_passkey(mel.page)
    assert mel.page.get("/o/acme/").status_code == 200


def test_a_session_left_open_removes_nothing(world, mel):
    add_passkey(mel.page)
    path = removal(mel.page)
    grow_stale(world, "mel")
    assert is_asked(mel.page.post(path)) and len(rows(world, "passkeys")) == 1


def test_adding_and_removing_are_mailed(office):
    mel = office.doors("mel")
    add_passkey(mel.page, name="Blue phone")
    assert mel.page.post(removal(mel.page)).status_code == 303
    said = [letter.text for letter in office.letters("mel@mel.example", "second_factor")]
    assert len(said) == 2 and "“Blue phone” was added" in said[0] and "“Blue phone” was removed" in said[1]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://localhost:8000", ""),
        ("https://video.example", ""),
        ("http://video.example", "only over https"),
        ("http://127.0.0.1:8000", "a number"),
        ("https://192.0.2.7", "a number"),
    ],
)
def test_the_page_says_why_passkeys_are_not_offered(address, reason):
    said = passkey_protocol.why_not(Settings(public_url=address))
    assert (reason in said) if reason else said == ""


@pytest.mark.sqlite
def test_where_they_do_not_work_nothing_is_offered_and_nothing_taken(world, mel, monkeypatch):
    form = begin_passkey(mel.page)
    plain = replace(world.app.config["FASTPIX"], public_url="http://video.example")
    monkeypatch.setitem(world.app.config, "FASTPIX", plain)
    text = mel.page.get(passkey_page()).text
    assert "Passkeys cannot be used here." in text and "data-passkey" not in text
    assert "data-passkey" not in PageDoor(world.app).get("/sign-in").text
    answer = mel.page.post(ADD, form)
    assert answer.status_code == 422 and rows(world, "passkeys") == []


def test_the_password_still_signs_in_without_a_script(world, mel):
    text = PageDoor(world.app).get("/sign-in").text
    assert 'autocomplete="username webauthn"' in text
    page = PageDoor(world.app)
    answer = page.post("/sign-in", {"email": mel.email, "password": PASSWORD, "passkey": ""})
    assert answer.location == "/sign-in/done" and is_in(page)
