"""A live stream's page where it needs a browser: the hidden key is copied, shown and hidden, and the page follows what
comes in. (With a real encoder: tests/running.)"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from fastpix.access import principal
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.db import db, set_reading
from fastpix.resources.live_streams import domain
from tests.browser.looking import PLAIN_HOST, Watch
from tests.cast import acting_as

SHOW = 'button[data-reveal="stream-key"]'
COPY = 'button[data-copy="stream-key"]'


@pytest.fixture(scope="module", params=["localhost", PLAIN_HOST])
def site(request, servers, tmp_path_factory):
    """On localhost the browser has a clipboard; on another plain host it has none."""
    server = servers(live_bind="127.0.0.1:1935")
    server.url = server.settings["public_url"] = f"http://{request.param}:{server.port}"
    server.cast = server.seed()
    return server.start_web()


@pytest.fixture
def page(site, visit):
    page = visit(site, session=site.cast.people["ada"].session, viewport={"width": 1280, "height": 900})
    page.watch = Watch(page, site)
    page.goto(f"/o/acme/live/{site.cast.acme.shelf.stream}")
    yield page
    assert not page.watch.found


def test_the_key_is_copied_while_it_is_hidden(page, site):
    key = site.cast.acme.shelf.stream_secrets["stream_key"]
    assert page.evaluate("isSecureContext") is ("localhost" in site.url)
    expect(page.locator("#stream-key")).to_have_attribute("type", "password")
    page.locator(COPY).click()
    expect(page.locator(COPY)).to_contain_text("Copied")
    expect(page.locator("#announce")).to_have_text("Copied")
    expect(page.locator(COPY)).to_be_focused()
    expect(page.locator("#stream-key")).to_have_attribute("type", "password")
    page.goto("/o/acme/live/new")
    page.focus("#name")
    page.keyboard.press("ControlOrMeta+v")
    assert page.input_value("#name") == key


def test_the_key_is_shown_and_hidden_by_keyboard_and_says_so(page, site):
    key = site.cast.acme.shelf.stream_secrets["stream_key"]
    field, button = page.locator("#stream-key"), page.locator(SHOW)
    assert key not in page.locator("main").inner_text()
    field.focus()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_value(key)
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_accessible_name(re.compile("Hide stream key", re.IGNORECASE))
    page.keyboard.press("Space")
    expect(field).to_have_attribute("type", "password")
    expect(button).to_have_accessible_name(re.compile("Show stream key", re.IGNORECASE))


def test_a_key_that_stays_shown_hides_itself(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    page.clock.install()
    page.goto(f"/o/acme/live/{site.cast.acme.shelf.stream}")
    page.locator(SHOW).click()
    expect(page.locator("#stream-key")).to_have_attribute("type", "text")
    page.clock.fast_forward(61_000)
    expect(page.locator("#stream-key")).to_have_attribute("type", "password")


def test_the_page_follows_the_stream_and_leaves_what_is_used(page, site):
    shelf = site.cast.acme.shelf
    page.goto(f"/o/acme/live/{shelf.disabled_stream}")
    app = create_app(Settings(**site._typed()))

    def do(verb):
        with app.app_context():
            set_reading(False)
            with acting_as(site.cast, "ada"):
                verb(shelf.disabled_stream)
            db.session.commit()
            db.session.remove()
            db.engine.dispose()
        principal.enter(principal.NOBODY)

    expect(page.locator("#signal")).to_have_text("Disabled")
    do(domain.enable)
    expect(page.locator("#signal")).to_have_text("Waiting for a signal")
    expect(page.locator("#announce")).to_have_text("Idle.")
    edit = page.get_by_role("link", name="Edit")
    edit.focus()
    do(domain.disable)
    expect(page.locator("#signal")).to_have_text("Disabled")
    expect(edit).to_be_focused()
    page.locator(SHOW).focus()
    page.keyboard.press("Tab")
    page.locator("main h1").click()
    expect(edit).to_have_count(0)
    expect(page.get_by_role("button", name="Enable")).to_be_visible()


def test_without_a_script_the_key_can_be_had(site, visit):
    page = visit(site, session=site.cast.people["ada"].session, script=False)
    page.goto(f"/o/acme/live/{site.cast.acme.shelf.stream}")
    expect(page.locator(SHOW)).to_be_hidden()
    page.get_by_text("Show the stream key").click()
    expect(page.get_by_text(site.cast.acme.shelf.stream_secrets["stream_key"]).first).to_be_visible()
    expect(page.get_by_role("link", name="Reload")).to_be_visible()
