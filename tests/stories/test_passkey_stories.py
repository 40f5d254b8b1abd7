"""Passkeys under attack: replayed, borrowed and misdirected answers, copies of authenticators, foreign credentials."""

from __future__ import annotations

import pytest

from fastpix.accounts import domain, passkey_protocol, passkeys
from tests.access.test_fresh_steps import go_on, grow_stale, is_asked
from tests.accounts.authenticator import (
    IS_COPIED,
    MAY_BE_COPIED,
    Authenticator,
    add_passkey,
    begin_passkey,
    options_in,
    passkey_page,
    removal,
    sign_in_alone,
)
from tests.accounts.codes import CODE, enrol, half, is_in, waiting_app
from tests.doors import PageDoor
from tests.stories.tables import rows

ADD = passkey_page("/passkeys")


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


def goes_back(world, page, key):
    """Signed in twice with a passkey that was used elsewhere for longer, and then with one that counts less."""
    add_passkey(page, key)
    key.count = 40
    assert sign_in_alone(PageDoor(world.app), key).status_code == 303
    key.count = 3
    other = PageDoor(world.app)
    return other, sign_in_alone(other, key)


def test_a_synchronized_passkey_whose_count_goes_back_signs_in_with_a_note(world, mel):
    page, answer = goes_back(world, mel.page, Authenticator(is_synced=True))
    assert answer.status_code == 303 and is_in(page)
    notes = [row["after"].get("proved_by") for row in rows(world, "audit_log", action="account.sign_in")]
    assert notes.count(passkeys.PROVED_OUT_OF_TURN) == 1
    assert rows(world, "passkeys", person_id=mel.id)[0]["sign_count"] == 41, "the higher one still counts"


@pytest.mark.parametrize("lie", [0, MAY_BE_COPIED | IS_COPIED])
def test_a_passkey_of_one_device_whose_count_goes_back_does_not(world, mel, lie):
    """A copy may say of itself what it likes: what counts is what it was when it was made."""
    key = Authenticator()
    page, _ = goes_back(world, mel.page, key)
    assert not is_in(page)
    key.flags = lie
    assert sign_in_alone(page, key).status_code == 422 and not is_in(page)


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
    monkeypatch.setattr(passkey_protocol.idempotency, "use", lambda key: None)
    assert replay_at_the_fresh_step(world, mel).status_code == 200


def test_a_challenge_is_over_after_minutes(world, mel, monkeypatch):
    key, page = add_passkey(mel.page), PageDoor(world.app)
    in_time = options_in(page.get("/sign-in").text)
    monkeypatch.setattr(passkey_protocol, "LIFE", -1)
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
    spend = passkey_protocol.spend
    monkeypatch.setattr(passkey_protocol, "challenge", lambda purpose, *s, of=passkey_protocol.challenge: of(purpose))
    monkeypatch.setattr(passkey_protocol, "spend", lambda given, purpose, *s: spend(given, purpose))
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
    monkeypatch.setattr(passkey_protocol, "_origin", lambda settings: key.origin)
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


# Taken away, required, told.
