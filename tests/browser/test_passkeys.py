"""Passkeys in Chromium with its virtual authenticator, which holds credentials as a phone does."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.browser.looking import Watch, confirm, new_context, send
from tests.browser.test_accessibility import WIDE, examine
from tests.cast import PASSWORD


@pytest.fixture(scope="module")
def site(servers):
    server = servers(host="localhost")
    server.cast = server.seed()
    return server.start_web()


def with_authenticator(chromium, site):
    """A page of Mel's browser, with an authenticator in it that says yes without being touched."""
    page = new_context(chromium, site, session=site.cast.people["mel"].session).new_page()
    page.set_viewport_size(WIDE)
    page.watch = Watch(page, site)
    page.devtools = page.context.new_cdp_session(page)
    page.devtools.send("WebAuthn.enable")
    page.authenticator = page.devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )["authenticatorId"]
    return page


@pytest.fixture
def page(chromium, site):
    page = with_authenticator(chromium, site)
    yield page
    page.context.close()


def present(page, is_present):
    """Whether the person touches the authenticator when it is asked for."""
    given = {"authenticatorId": page.authenticator, "enabled": is_present}
    page.devtools.send("WebAuthn.setAutomaticPresenceSimulation", given)


def leave_open(site):
    """Nobody has proved for hours who they are."""
    with closing(sqlite3.connect(site.folder / "fastpix.db", timeout=10)) as database, database:
        database.execute("UPDATE sessions SET proved_at = '2026-01-01 00:00:00'")


def leave(page):
    page.context.clear_cookies()


def give_password(page, site):
    leave(page)
    page.goto("/sign-in")
    page.fill("#email", site.cast.people["mel"].email)
    page.fill("#password", PASSWORD)
    send(page, "#password")


def test_a_passkey_from_adding_to_removing(page, site):
    page.goto("/account/second-factor")
    examine(page)
    page.fill("#name", "Blue phone")
    send(page, "#name")
    page.locator("#recovery-codes").wait_for()
    page.check("#stored")
    page.get_by_role("link", name="Done").click()
    page.get_by_text("Blue phone", exact=True).wait_for()
    examine(page)
    page.fill("#name", "Once more")
    send(page, "#name")
    page.get_by_text("This device holds a passkey for your account already.").wait_for()

    present(page, False)  # else the browser's own offer signs in before the password is typed
    give_password(page, site)
    page.get_by_role("button", name="Use a passkey").wait_for()
    examine(page)
    present(page, True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/o/acme/")

    leave_open(site)
    page.goto("/account/second-factor")
    confirm(page, "/codes")
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    examine(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.locator("#recovery-codes").wait_for()
    page.check("#stored")

    present(page, False)
    leave(page)
    page.goto("/sign-in")
    examine(page)
    present(page, True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/o/acme/")

    leave(page)
    page.goto("/sign-in")  # the browser's own offer, in the address field, taken at once
    page.wait_for_url("**/o/acme/")

    page.goto("/account/second-factor")
    confirm(page, "/remove")
    page.get_by_text("Your second factor is turned off.").wait_for()


def test_an_address_with_capitals_and_letters_of_other_alphabets_has_passkeys_too(chromium, servers):
    """The browser sends `xn--bcher-kva.localhost` whatever the operator wrote, and compares it letter by letter."""
    site = servers(host="Bücher.LOCALHOST")
    site.cast = site.seed()
    site.start_web()
    page = with_authenticator(chromium, site)
    page.goto("/account/second-factor")
    page.fill("#name", "Blue phone")
    send(page, "#name")
    page.locator("#recovery-codes").wait_for()
    assert page.evaluate("location.hostname") == "xn--bcher-kva.localhost"
    leave(page)
    page.goto("/sign-in")  # the browser's own offer, in the address field, taken at once
    page.wait_for_url("**/o/acme/")
    page.context.close()


def test_without_a_script_the_password_form_works_and_no_button_shows(chromium, site):
    context = new_context(chromium, site, script=False)
    page = context.new_page()
    page.goto("/sign-in")
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
    page.fill("#email", site.cast.people["ada"].email)
    page.fill("#password", PASSWORD)
    send(page, "#password")
    page.wait_for_url("**/o/acme/")
    page.goto("/account/second-factor")
    page.get_by_text("Adding a passkey needs JavaScript.").wait_for()
    assert not page.get_by_role("button", name="Add a passkey").is_visible()
    # Whoever sends it all the same is told.
    page.locator("#name").evaluate("(field) => { field.value = 'Phone'; field.form.submit(); }")
    page.get_by_text("The browser sent no passkey.").wait_for()
    context.close()
