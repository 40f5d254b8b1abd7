"""The fresh step and the second factor in Chromium: the pages looked at, and both without JavaScript too."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from fastpix.accounts import second_factor
from fastpix.accounts.models import BrowserSession
from fastpix.db import db, now
from tests.browser.looking import Watch, confirm, new_context, send
from tests.browser.test_accessibility import WIDE, examine
from tests.cast import PASSWORD


@pytest.fixture(scope="module")
def site(servers):
    """A running web server with the cast; Ada's and Rex's sessions were left open for an hour."""
    server = servers()

    def also(cast):
        stale = [cast.people[key].id for key in ("ada", "rex")]
        old = sa.update(BrowserSession).where(BrowserSession.person_id.in_(stale))
        db.session.execute(old.values(proved_at=now() - timedelta(hours=1)))

    server.cast = server.seed(also)
    return server.start_web()


@pytest.fixture
def page_of(chromium, site):
    opened = []

    def begin(who, **options):
        person = site.cast.people.get(who)
        opened.append(new_context(chromium, site, session=person.session if person else "", **options))
        page = opened[-1].new_page()
        page.set_viewport_size(WIDE)
        page.watch = Watch(page, site)
        return page

    yield begin
    for context in opened:
        context.close()


@pytest.mark.parametrize(("who", "script"), [("ada", True), ("rex", False)])
def test_the_fresh_step_keeps_what_was_typed_and_goes_on(page_of, site, who, script):
    page = page_of(who, script=script)
    org = "acme" if who == "ada" else "rival"
    page.goto(f"/o/{org}/members/invitations/new")
    page.fill("#emails", f"new@{who}.example")
    page.check("input[name=role][value=admin]")
    send(page, "#emails")
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    if script:
        examine(page)
    page.fill("#fresh_password", "wrong wrong wrong")
    send(page, "#fresh_password")
    page.get_by_text("This is not your password.").first.wait_for()
    page.fill("#fresh_password", PASSWORD)
    send(page, "#fresh_password")
    page.get_by_text(f"new@{who}.example").first.wait_for()
    assert page.locator("input[value*='/i/']").count() == 1, "the invite's link is shown, once"
    page.goto("/account")
    assert page.locator("h1").inner_text() == "Your account", "the new cookie is kept"


@pytest.mark.parametrize(("who", "script"), [("mel", True), ("sam", False)])
def test_the_pages_of_a_second_factor(page_of, site, who, script):
    page = page_of(who, script=script)
    look = examine if script else lambda _page: None
    page.goto("/account/second-factor")
    look(page)
    confirm(page, "/start")
    page.locator("#totp-secret").wait_for()
    look(page)
    assert page.locator("img[alt^='QR code']").evaluate("e => e.naturalWidth") > 100 if script else True
    totp = pyotp.TOTP(page.input_value("#totp-secret"))
    page.fill("#code", "000000")
    send(page, "#code")
    page.get_by_text("This code is wrong").first.wait_for()
    look(page)
    page.fill("#code", totp.generate_otp(second_factor._step()))
    send(page, "#code")
    codes = page.locator("#recovery-codes").input_value().split()
    assert len(codes) == 10 and all(re.fullmatch(r"(\w{4}-){3}\w{4}", code) for code in codes)
    look(page)
    if script:
        page.check("#stored")
    page.get_by_role("link", name="Done").click()
    page.get_by_text("10 recovery codes left").wait_for()
    look(page)
    other = page_of("nobody", script=script)
    other.goto("/sign-in")
    other.fill("#email", site.cast.people[who].email)
    other.fill("#password", PASSWORD)
    send(other, "#password")
    other.locator("#code").wait_for()
    look(other)
    other.fill("#code", codes[0])
    send(other, "#code")
    other.wait_for_url("**/o/acme/" if who == "mel" else "**/")
    other.goto("/account/second-factor")
    other.get_by_text("9 recovery codes left").wait_for()
