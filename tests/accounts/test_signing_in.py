"""Signing in and out, staying signed in, and wrong passwords."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest

from fastpix.accounts import domain
from fastpix.crypto import passwords
from fastpix.db import now
from fastpix.ratelimit import attempts
from tests.cast import PASSWORD, cookie_name
from tests.doors import PageDoor
from tests.stories.tables import change, rows


def sign_in(page, **more):
    return page.post("/sign-in", {"email": "mel@mel.example", "password": PASSWORD} | more)


def session_cookie_of(answer):
    return next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("fastpix_session="))


@pytest.mark.sqlite
def test_a_right_password_opens_the_organization(anonymous):
    answer = sign_in(anonymous.page)
    assert answer.status_code == 303 and answer.location == "/sign-in/done"
    assert anonymous.page.get("/sign-in/done").location == "/"
    assert anonymous.page.get("/").location == "/o/acme/"
    assert b"Mel Member" in anonymous.page.get("/account").data


@pytest.mark.sqlite
def test_a_browser_that_keeps_no_cookie_is_told_so(world):
    """The password was right, and nothing came back: the most repeated bug of self-hosted sign-ins."""
    page = PageDoor(world.app)
    assert sign_in(page).status_code == 303
    lost = PageDoor(world.app).get("/sign-in/done?next=/account")
    assert lost.status_code == 400
    assert b"did not keep the sign-in" in lost.data and b'value="/account"' in lost.data


@pytest.mark.sqlite
def test_a_wrong_password_keeps_what_was_typed_but_the_password(anonymous):
    answer = sign_in(anonymous.page, password="wrong wrong wrong", remember="y", next="/account")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "The address or the password is wrong." in text
    assert "mel@mel.example" in text and 'value="/account"' in text and "checked" in text
    assert "wrong wrong wrong" not in text


@pytest.mark.sqlite
def test_a_session_lasts_hours_and_a_remembered_one_days(world, anonymous):
    short = sign_in(anonymous.page)
    assert "Max-Age" not in session_cookie_of(short) and "Expires" not in session_cookie_of(short)
    remembered = sign_in(PageDoor(world.app), remember="y")
    assert f"Max-Age={30 * 24 * 3600}" in session_cookie_of(remembered)
    for answer in (short, remembered):
        assert "HttpOnly" in session_cookie_of(answer) and "SameSite=Lax" in session_cookie_of(answer)
    lives = {
        row["is_remembered"]: row["expires_at"] - row["created_at"]
        for row in rows(world, "sessions", person_id=world.cast.people["mel"].id)
        if row["user_agent"] != "a test"
    }
    assert abs(lives[False] - timedelta(hours=12)) < timedelta(minutes=1)
    assert abs(lives[True] - timedelta(days=30)) < timedelta(minutes=1)


def test_an_expired_session_is_over(world, mel):
    assert mel.page.get("/account").status_code == 200
    change(world, "sessions", {"person_id": mel.id}, expires_at=now() - timedelta(seconds=1))
    assert mel.page.get("/account").location == "/sign-in?next=/account"


@pytest.mark.sqlite
def test_signing_out_needs_a_post_and_ends_the_row(world, mel):
    assert mel.page.get("/sign-out").status_code == 405
    assert mel.page.get("/account").status_code == 200
    assert mel.page.post("/sign-out").location == "/sign-in"
    assert rows(world, "sessions", person_id=mel.id) == []
    assert mel.page.get("/account").status_code == 302


@pytest.mark.sqlite
def test_signing_in_again_is_audited_and_wrong_passwords_are_not_changes(world, anonymous):
    before = len(rows(world, "audit_log"))
    sign_in(anonymous.page, password="wrong wrong wrong")
    assert len(rows(world, "audit_log")) == before
    sign_in(anonymous.page)
    row = [row for row in rows(world, "audit_log") if row["action"] == "account.sign_in"][-1]
    assert row["target_name"] == "Mel Member" and row["door"] == "dashboard"


# Limits.


@pytest.fixture
def strict(make_app):
    """An instance that allows three wrong passwords an account."""
    return make_app(sign_in_attempts=3)


def test_too_many_tries_say_how_long_to_wait_and_keep_what_was_typed(strict):
    page = PageDoor(strict)
    for _ in range(3):
        assert sign_in(page, password="wrong wrong wrong").status_code == 422
    answer = sign_in(page, password="wrong wrong wrong", remember="y", next="/account")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    text = answer.get_data(as_text=True)
    assert "Too many tries. Wait 1" in text and "minutes" in text
    assert "mel@mel.example" in text and 'value="/account"' in text
    assert "wrong wrong wrong" not in text


def test_a_right_password_is_refused_too_while_one_waits(world, monkeypatch):
    """Otherwise the limit would tell a right password from wrong ones."""
    settings = world.app.config["FASTPIX"]
    monkeypatch.setitem(world.app.config, "FASTPIX", _with(settings, sign_in_attempts=2))
    page = PageDoor(world.app)
    for _ in range(2):
        assert sign_in(page, password="wrong wrong wrong").status_code == 422
    assert sign_in(page).status_code == 429
    assert page.client.get_cookie(cookie_name(world.app)) is None


def _with(settings, **given):
    from dataclasses import replace

    return replace(settings, **given)


def counted(world):
    return {row["key"]: row["count"] for row in rows(world, "limit_counts") if "sign-in" in row["key"]}


def test_wrong_passwords_are_counted_although_their_request_is_undone(world, anonymous):
    assert sign_in(anonymous.page, password="wrong wrong wrong").status_code == 422
    tries = counted(world)
    assert sorted(tries.values()) == [1, 1, 1], "the account from here, the account, and here"
    assert any("127.0.0.1" in key for key in tries) and not any("mel@mel.example" in key for key in tries)


def test_without_saving_the_count_it_would_be_undone(world, anonymous, monkeypatch):
    """Breaks the guard on purpose: counted in the request's transaction alone, a wrong try counts for nothing."""
    monkeypatch.setattr(domain, "_count_attempt", lambda settings, email, address: None)
    monkeypatch.setattr(domain, "_look_up", lambda email: (attempts.count("sign-in to", email, 10, 15), (None, ""))[1])
    assert sign_in(anonymous.page, password="wrong wrong wrong").status_code == 422
    assert counted(world) == {}


def test_a_right_password_starts_the_count_anew(world, monkeypatch):
    monkeypatch.setitem(world.app.config, "FASTPIX", _with(world.app.config["FASTPIX"], sign_in_attempts=2))
    for _ in range(3):
        page = PageDoor(world.app)
        assert sign_in(page, password="wrong wrong wrong").status_code == 422
        assert sign_in(page).status_code == 303


def test_spelling_the_address_otherwise_is_no_way_around_the_limit(world, monkeypatch):
    monkeypatch.setitem(world.app.config, "FASTPIX", _with(world.app.config["FASTPIX"], sign_in_attempts=2))
    page = PageDoor(world.app)
    spellings = ["mel@mel.example", "MEL@mel.example", " Mel@Mel.Example "]
    assert [sign_in(page, email=e, password="wrong wrong wrong").status_code for e in spellings] == [422, 422, 429]


def test_the_wait_ends(world, monkeypatch):
    monkeypatch.setitem(world.app.config, "FASTPIX", _with(world.app.config["FASTPIX"], sign_in_attempts=1))
    page = PageDoor(world.app)
    assert sign_in(page, password="wrong wrong wrong").status_code == 422
    assert sign_in(page).status_code == 429
    for row in rows(world, "limit_counts"):
        change(world, "limit_counts", {"key": row["key"]}, ends_at=row["ends_at"] - 16 * 60)
    assert sign_in(page).status_code == 303


def test_asking_for_resets_is_limited_per_address(office):
    page = office.doors().page
    statuses = [page.post("/forgot", {"email": "mel@mel.example"}) for _ in range(6)]
    assert [answer.status_code for answer in statuses] == [200] * 5 + [429]
    assert int(statuses[-1].headers["Retry-After"]) > 0
    assert "mel@mel.example" in statuses[-1].get_data(as_text=True)
    assert len(office.letters("mel@mel.example")) == 5


def test_no_more_passwords_are_checked_at_once_than_there_are_cores():
    """A storm waits its turn: hundreds of checks at once would take 64 MiB each, and the processor from every page."""
    stored = passwords.hashed("a long enough phrase")
    late = threading.Thread(target=passwords.matches, args=(stored, "a long enough phrase"))
    taken = 0
    try:
        while passwords._turns.acquire(blocking=False):
            taken += 1
        late.start()
        late.join(0.1)
        assert taken == os.cpu_count() and late.is_alive()
    finally:
        for _ in range(taken):
            passwords._turns.release()
    late.join(30)
    assert not late.is_alive()
