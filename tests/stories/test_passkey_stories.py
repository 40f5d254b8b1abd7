"""Passkeys under attack: replayed, borrowed and misdirected answers, copies of authenticators, foreign credentials."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from fastpix.accounts import ceremonies, domain, passkeys
from fastpix.settings import Settings
from tests.access.test_fresh_steps import go_on, grow_stale, is_asked
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
from tests.accounts.codes import enrol, sign_in, waiting_app
from tests.cast import PASSWORD
from tests.doors import PageDoor
from tests.stories.tables import change, everything, rows

CODE = "/sign-in/code"
ADD = passkey_page("/passkeys")


def half(world, person):
    """A browser that gave the right password."""
    page = PageDoor(world.app)
    assert sign_in(page, person).location == CODE
    return page


def is_in(page):
    return page.get("/account").status_code == 200


def after_password(page, key, **more):
    return page.post(CODE, {"passkey": key.get(options_in(page.get(CODE).text), **more)})


# What works.


def test_the_first_passkey_turns_the_second_factor_on_with_recovery_codes(world, mel):
    shown = mel.page.post(ADD, begin_passkey(mel.page))
    assert shown.status_code == 200 and "recovery-codes" in shown.text
    assert len(rows(world, "recovery_codes", person_id=mel.id)) == 10
    assert rows(world, "people", id=mel.id)[0]["second_factor_at"]
    again = mel.page.post(ADD, begin_passkey(mel.page, name="Laptop"))
    assert again.status_code == 303, "later ones leave the recovery codes alone"
    assert [row["name"] for row in rows(world, "passkeys", person_id=mel.id)] == ["Phone", "Laptop"]


def test_a_passkey_is_the_second_factor_after_the_password(world, mel):
    key = add_passkey(mel.page)
    page = half(world, mel)
    assert not is_in(page)
    assert after_password(page, key, verified=False).location == "/sign-in/done" and is_in(page)
    assert rows(world, "passkeys", person_id=mel.id)[0]["last_used_at"]


@pytest.mark.parametrize("count", [0, None])
def test_a_passkey_alone_opens_the_account_and_keeps_the_target(world, mel, count):
    key, page = add_passkey(mel.page, Authenticator(count=count)), PageDoor(world.app)
    for _ in range(2):
        options = options_in(page.get("/sign-in?next=/account/sessions").text)
        assert options["userVerification"] == "required" and not options.get("allowCredentials")
        sent = {"passkey": key.get(options), "next": "/account/sessions", "remember": "y"}
        answer = page.post("/sign-in", sent)
        assert answer.location == "/sign-in/done?next=/account/sessions" and is_in(page)
        assert "Max-Age" in next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("fastpix_session="))
        page = PageDoor(world.app)


def test_a_passkey_is_a_proof_in_the_fresh_step(world, mel):
    key = add_passkey(mel.page)
    grow_stale(world, "mel")
    asked = mel.page.post(passkey_page("/codes"))
    assert is_asked(asked)
    done = go_on(mel.page, passkey_page("/codes"), asked, password="", fresh_passkey=key.get(options_in(asked.text)))
    assert done.status_code == 200 and "recovery-codes" in done.text
    said = [row["after"] for row in rows(world, "audit_log", action="account.sign_in")]
    assert {"confirmed_with": "passkey"} in said


def test_adding_goes_on_after_the_fresh_step(world, mel):
    form = begin_passkey(mel.page)
    grow_stale(world, "mel")
    asked = mel.page.post(ADD, form)
    assert is_asked(asked) and rows(world, "passkeys") == []
    assert go_on(mel.page, ADD, asked).status_code == 200
    assert len(rows(world, "passkeys", person_id=mel.id)) == 1


def test_app_and_passkeys_live_side_by_side(world, mel):
    app = enrol(mel.page)
    key = add_passkey(mel.page)
    assert len(rows(world, "recovery_codes", person_id=mel.id)) == 10
    assert half(world, mel).post(CODE, {"code": app.code()}).status_code == 303
    assert after_password(half(world, mel), key).status_code == 303
    assert mel.page.post(removal(mel.page)).status_code == 303
    assert rows(world, "people", id=mel.id)[0]["second_factor_at"], "the app is left"


def test_an_app_that_waits_for_its_first_code_counts_for_nothing_beside_a_passkey(world, mel):
    add_passkey(mel.page)
    assert mel.page.post(passkey_page("/start")).status_code == 303
    app = waiting_app(mel.page)
    assert half(world, mel).post(CODE, {"code": app.code()}).status_code == 422
    assert len(rows(world, "recovery_codes", person_id=mel.id)) == 10, "and takes no recovery codes away"
    assert mel.page.post(passkey_page("/confirm"), {"code": app.code()}).status_code == 303
    assert half(world, mel).post(CODE, {"code": app.code(1)}).status_code == 303


# Replayed and borrowed answers.


def test_an_answer_counts_once(world, mel):
    """Even in the same browser, with an authenticator that does not count."""
    key = add_passkey(mel.page, Authenticator(count=None))
    first, second = half(world, mel), None
    answer = key.get(options_in(first.get(CODE).text))
    secret = first.client.get_cookie("fastpix_half", path=CODE).value
    assert first.post(CODE, {"passkey": answer}).status_code == 303
    second = half(world, mel)
    assert second.post(CODE, {"passkey": answer}).status_code == 422 and not is_in(second)
    assert secret != second.client.get_cookie("fastpix_half", path=CODE).value


def replay_at_the_fresh_step(world, mel):
    key = add_passkey(mel.page, Authenticator(count=None))
    grow_stale(world, "mel")
    asked = mel.page.post(passkey_page("/codes"))
    answer = key.get(options_in(asked.text))
    proof = {"password": "", "fresh_passkey": answer}
    assert go_on(mel.page, passkey_page("/codes"), asked, **proof).status_code == 200
    grow_stale(world, "mel")
    return go_on(mel.page, passkey_page("/codes"), asked, **proof)


def test_an_answer_to_the_fresh_step_counts_once(world, mel):
    assert replay_at_the_fresh_step(world, mel).status_code == 422


def test_without_using_challenges_up_the_replay_would_succeed(world, mel, monkeypatch):
    """Breaks the guard on purpose."""
    monkeypatch.setattr(ceremonies.once, "use", lambda key: None)
    assert replay_at_the_fresh_step(world, mel).status_code == 200


def test_a_challenge_is_over_after_minutes(world, mel, monkeypatch):
    key, page = add_passkey(mel.page), PageDoor(world.app)
    in_time = options_in(page.get("/sign-in").text)
    monkeypatch.setattr(ceremonies, "LIFE", -1)
    late = options_in(page.get("/sign-in").text)
    assert page.post("/sign-in", {"passkey": key.get(late)}).status_code == 422 and not is_in(page)
    assert page.post("/sign-in", {"passkey": key.get(in_time)}).status_code == 303


def borrowed(world, mel):
    """Mel is lured into signing in, and the answer is sent from the browser of the thief, who has their own challenge
    but no signature for it."""
    key = add_passkey(mel.page)
    thief, victim = PageDoor(world.app), PageDoor(world.app)
    answer = key.get(options_in(victim.get("/sign-in").text))
    thief.get("/sign-in")
    return thief.post("/sign-in", {"passkey": answer}), thief


def test_an_answer_is_worth_nothing_in_another_browser(world, mel):
    answer, thief = borrowed(world, mel)
    assert answer.status_code == 422 and not is_in(thief)


def test_without_the_bond_to_the_browser_it_would_be(world, mel, monkeypatch):
    """Breaks the guard on purpose."""
    spend = ceremonies.spend
    monkeypatch.setattr(ceremonies, "challenge", lambda purpose, *s, of=ceremonies.challenge: of(purpose))
    monkeypatch.setattr(ceremonies, "spend", lambda given, purpose, *s: spend(given, purpose))
    answer, thief = borrowed(world, mel)
    assert answer.status_code == 303 and is_in(thief)


def test_a_challenge_of_another_purpose_is_refused(world, mel):
    key = add_passkey(mel.page)
    alone = options_in(PageDoor(world.app).get("/sign-in").text)
    page = half(world, mel)
    of_half = options_in(page.get(CODE).text)
    of_adding = options_in(mel.page.get(passkey_page()).text)
    for options in (alone, of_adding):
        assert page.post(CODE, {"passkey": key.get(options)}).status_code == 422
    for options in (of_half, of_adding):
        assert page.post("/sign-in", {"passkey": key.get(options)}).status_code == 422
    grow_stale(world, "mel")
    asked = mel.page.post(passkey_page("/codes"))
    for options in (alone, of_half, of_adding):
        proof = {"password": "", "fresh_passkey": key.get(options)}
        assert go_on(mel.page, passkey_page("/codes"), asked, **proof).status_code == 422
    assert not is_in(page)


def test_a_challenge_of_another_half_session_person_or_session_is_refused(world, mel, ada):
    key, other = add_passkey(mel.page), add_passkey(ada.page)
    first, second = half(world, mel), half(world, mel)
    assert second.post(CODE, {"passkey": key.get(options_in(first.get(CODE).text))}).status_code == 422
    of_ada = half(world, ada)
    assert of_ada.post(CODE, {"passkey": other.get(options_in(first.get(CODE).text))}).status_code == 422
    assert ada.page.post(ADD, begin_passkey(mel.page)).status_code == 422, "begun by somebody else"
    elsewhere = PageDoor(world.app)
    assert sign_in_alone(elsewhere, key).status_code == 303
    form = begin_passkey(elsewhere)
    assert mel.page.post(ADD, form).status_code == 422, "begun in another session"
    assert len(rows(world, "passkeys")) == 2


# Misdirected ones.


@pytest.mark.parametrize(("name", "value"), [("origin", "http://localhost.evil.example"), ("host", "evil.example")])
def test_an_answer_made_for_another_site_is_refused(world, mel, name, value):
    """The site of a phisher, which hands our challenge on. A real browser does not even ask the authenticator."""
    key = add_passkey(mel.page)
    setattr(key, name, value)
    page = half(world, mel)
    assert after_password(page, key).status_code == 422 and not is_in(page)
    alone = PageDoor(world.app)
    assert sign_in_alone(alone, key).status_code == 422 and not is_in(alone)
    assert mel.page.post(ADD, begin_passkey(mel.page, Authenticator(**{name: value}))).status_code == 422


def test_the_host_header_does_not_decide_for_which_site_it_is(world, mel):
    key = add_passkey(mel.page)
    page = PageDoor(world.app)
    options = options_in(page.get("/sign-in", headers={"Host": "127.0.0.1"}).text)
    assert options["rpId"] == "localhost"
    key.origin, key.host = "http://127.0.0.1", "127.0.0.1"
    assert sign_in_alone(page, key).status_code == 422


def test_without_the_comparison_of_origins_the_phisher_would_get_in(world, mel, monkeypatch):
    """Breaks the guard on purpose."""
    key = add_passkey(mel.page)
    key.origin = "http://evil.example"
    monkeypatch.setattr(ceremonies, "_origin", lambda settings: key.origin)
    page = PageDoor(world.app)
    assert sign_in_alone(page, key).status_code == 303 and is_in(page)


def test_alone_it_must_have_checked_who_holds_it(world, mel):
    """A found or stolen security key without fingerprint or PIN: the password is still needed."""
    key, page = add_passkey(mel.page), PageDoor(world.app)
    assert sign_in_alone(page, key, verified=False).status_code == 422 and not is_in(page)


def test_without_that_demand_a_stolen_key_would_be_enough(world, mel, monkeypatch):
    """Breaks the guard on purpose."""
    key, page = add_passkey(mel.page), PageDoor(world.app)
    prove = passkeys.prove
    monkeypatch.setattr(domain.passkeys, "prove", lambda *a, must_verify=False: prove(*a))
    assert sign_in_alone(page, key, verified=False).status_code == 303


# Copies, foreign and removed credentials.


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


# Taken away, required, told.


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
    said = ceremonies.why_not(Settings(public_url=address))
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
