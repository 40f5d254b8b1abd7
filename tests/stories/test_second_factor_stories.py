"""Stolen passwords, replayed codes, half sessions, brute force, old cookies: what a second factor and a fresh step stop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fastpix.accounts import cookies, second_factor
from fastpix.db import now
from tests.access.test_fresh_steps import grow_stale, is_asked
from tests.accounts.codes import CODE, enrol, half, is_in, sign_in
from tests.cast import PASSWORD, cookie_name
from tests.doors import PageDoor
from tests.stories.tables import change, everything, rows
from tests.stories.test_invite_stories import NEW, invite_vic, open_invite, squatter  # noqa: F401  # a fixture


@pytest.fixture
def app_of(doors):
    """`app_of("mel")`: the authenticator app of a person who has just set up a second factor."""
    return lambda key: enrol(doors(key).page)


@pytest.fixture
def still(monkeypatch):
    """Time stands still for codes, so that no test meets the end of a time step."""
    present = second_factor._step()
    monkeypatch.setattr(second_factor, "_step", lambda: present)


pytestmark = pytest.mark.usefixtures("still")


def test_a_stolen_password_alone_opens_nothing(world, mel, app_of):
    app_of("mel")
    page = half(world, mel)
    assert page.client.get_cookie(cookie_name(world.app)) is None
    assert not is_in(page) and page.get("/o/acme/").status_code == 302
    assert not any(row["user_agent"] != "a test" for row in rows(world, "sessions", person_id=mel.id))


def test_without_the_question_the_password_alone_would_be_enough(world, mel, app_of, monkeypatch):
    """Breaks the guard on purpose."""
    app_of("mel")
    monkeypatch.setattr(second_factor, "is_on", lambda person_id: False)
    page = PageDoor(world.app)
    assert sign_in(page, mel).status_code == 303 and is_in(page)


def test_password_and_code_open_the_account_and_keep_the_target(world, mel, app_of):
    app, page = app_of("mel"), PageDoor(world.app)
    first = sign_in(page, mel, next="/account/sessions", remember="y")
    assert first.location == f"{CODE}?next=/account/sessions"
    answer = page.post(first.location, {"code": app.code()})
    assert answer.status_code == 303 and answer.location == "/sign-in/done?next=/account/sessions"
    assert "Max-Age" in next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("fastpix_session="))
    assert is_in(page)


def test_a_half_session_is_not_a_session(world, mel, app_of):
    """Its secret in the session's cookie opens nothing, and it dies with its use."""
    app = app_of("mel")
    page = half(world, mel)
    secret = page.client.get_cookie(cookies.HALF_COOKIE, path=CODE).value
    assert PageDoor(world.app, secret).get("/account").status_code == 302
    assert page.post(CODE, {"code": app.code()}).status_code == 303
    again = PageDoor(world.app)
    again.client.set_cookie(cookies.HALF_COOKIE, secret, path=CODE)
    assert again.post(CODE, {"code": app.code(1)}).location == "/sign-in" and not is_in(again)


def test_a_session_is_not_a_half_session(world, mel):
    page = PageDoor(world.app)
    page.client.set_cookie(cookies.HALF_COOKIE, mel.session, path=CODE)
    assert page.post(CODE, {"code": "123456"}).location == "/sign-in"


def test_a_half_session_is_over_after_minutes_and_with_the_password(world, mel, app_of):
    app = app_of("mel")
    late, other = half(world, mel), half(world, mel)
    change(world, "half_sessions", {"person_id": mel.id}, expires_at=now() - timedelta(seconds=1))
    assert late.post(CODE, {"code": app.code()}).location == "/sign-in"
    other = half(world, mel)
    assert mel.page.post("/account/password", {"current": PASSWORD, "new": "a quite new phrase"}).status_code == 303
    assert other.post(CODE, {"code": app.code()}).location == "/sign-in" and not is_in(other)


def test_a_code_works_once(world, mel, app_of):
    """Read over a shoulder and typed again within its half minute."""
    app = app_of("mel")
    code = app.code()
    assert half(world, mel).post(CODE, {"code": code}).status_code == 303
    page = half(world, mel)
    answer = page.post(CODE, {"code": code})
    assert answer.status_code == 422 and "used already" in answer.text and not is_in(page)
    assert page.post(CODE, {"code": app.code(-1)}).status_code == 422, "nor one from before it"
    assert page.post(CODE, {"code": app.code(1)}).status_code == 303


def test_without_the_kept_step_the_replay_would_succeed(world, mel, app_of, monkeypatch):
    """Breaks the guard on purpose: pyotp itself remembers nothing."""
    app = app_of("mel")
    monkeypatch.setattr(second_factor, "_use_up", lambda person_id, step: True)
    code = app.code()
    assert [half(world, mel).post(CODE, {"code": code}).status_code for _ in range(2)] == [303, 303]


@pytest.mark.parametrize("ahead", [-2, 2])
def test_a_code_from_two_steps_away_is_wrong(world, mel, app_of, ahead):
    app = app_of("mel")
    change(world, "second_factors", {"person_id": mel.id}, last_step=0)
    assert half(world, mel).post(CODE, {"code": app.code(ahead)}).status_code == 422


def test_the_code_of_another_person_is_wrong(world, mel, app_of):
    app_of("mel")
    adas = app_of("ada")
    assert half(world, mel).post(CODE, {"code": adas.code()}).status_code == 422
    assert half(world, mel).post(CODE, {"code": adas.recovery[0]}).status_code == 422


def test_codes_cannot_be_tried_one_after_the_other(world, mel, app_of, monkeypatch):
    """From new half sessions and new addresses too; and the right code is refused meanwhile."""
    from dataclasses import replace

    app = app_of("mel")
    strict = replace(world.app.config["FASTPIX"], sign_in_attempts=3)
    monkeypatch.setitem(world.app.config, "FASTPIX", strict)
    statuses = [half(world, mel).post(CODE, {"code": f"00000{n}"}).status_code for n in range(3)]
    page = half(world, mel)
    answer = page.post(CODE, {"code": app.code()}, environ_overrides={"REMOTE_ADDR": "127.0.0.9"})
    assert statuses == [422] * 3 and answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0 and not is_in(page)
    answer = mel.page.post("/account/second-factor/off", {"fresh_step": "1", "fresh_code": "000000"})
    assert answer.status_code == 429, "the fresh step is no second way to try"


def test_a_recovery_code_works_once_and_is_told(world, mel, app_of):
    app = app_of("mel")
    page = half(world, mel)
    assert page.post(CODE, {"code": app.recovery[0].upper()}).status_code == 303 and is_in(page)
    assert half(world, mel).post(CODE, {"code": app.recovery[0]}).status_code == 422
    assert len([row for row in rows(world, "recovery_codes", person_id=mel.id) if row["used_at"]]) == 1
    assert "9 recovery codes left" in page.get("/account/second-factor").text


def test_new_recovery_codes_end_the_old_ones(world, mel, app_of):
    app = app_of("mel")
    assert mel.page.post("/account/second-factor/codes").status_code == 200
    assert half(world, mel).post(CODE, {"code": app.recovery[0]}).status_code == 422
    assert len(rows(world, "recovery_codes", person_id=mel.id)) == 10


def test_neither_secret_nor_recovery_codes_are_stored_in_the_open(world, mel, app_of):
    app = app_of("mel")
    stored = repr(everything(world))
    for secret in (app.totp.secret, *app.recovery, *(code.replace("-", "") for code in app.recovery)):
        assert secret not in stored


def test_nothing_counts_before_one_right_code(world, mel):
    assert mel.page.post("/account/second-factor/start").status_code == 303
    assert mel.page.post("/account/second-factor/confirm", {"code": "000000"}).status_code == 422
    page = PageDoor(world.app)
    assert sign_in(page, mel).location == "/sign-in/done" and is_in(page)


@pytest.mark.parametrize("path", ["start", "confirm", "off", "codes"])
def test_a_foreign_page_cannot_set_up_or_turn_off_a_second_factor(world, mel, app_of, path):
    app_of("mel")
    before = world.digest()
    assert mel.page.post(f"/account/second-factor/{path}", {"code": "1"}, csrf=False).status_code == 400
    assert world.digest() == before


def test_a_session_left_open_neither_sees_a_waiting_secret_nor_turns_a_factor_off(world, mel):
    mel.page.post("/account/second-factor/start")
    assert "totp-secret" in mel.page.get("/account/second-factor").text
    grow_stale(world, "mel")
    assert "totp-secret" not in mel.page.get("/account/second-factor").text
    assert is_asked(mel.page.post("/account/second-factor/off"))


def test_a_second_factor_that_is_taken_away_leaves_no_recovery_codes(world, app_of, mel):
    app_of("mel")
    with world.session():
        assert second_factor.remove(mel.id)
    assert rows(world, "second_factors", person_id=mel.id) == rows(world, "recovery_codes", person_id=mel.id) == []


# The fresh step.


# An organization that requires one.


# Mails, and accounts on foreign addresses.


# Guards broken on purpose: each of these attacks succeeds without its guard, so the stories above look at the right thing.
