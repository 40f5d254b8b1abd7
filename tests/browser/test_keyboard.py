"""The dashboard without a mouse: quick search from anywhere, every focus seen and in order, menus that give it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Watch

WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def site(servers):
    server = servers()
    server.cast = server.seed()
    return server.start_web()


@pytest.fixture
def page_of(site, visit):
    def begin(who, **options):
        page = visit(site, session=site.cast.people[who].session, viewport=WIDE, **options)
        page.watch = Watch(page, site)
        return page

    return begin


def test_the_palette_finds_goes_and_gives_the_focus_back(page_of):
    page = page_of("ada")
    page.goto("/o/acme/members/")
    opener = page.get_by_role("link", name="Invite people")
    opener.focus()
    page.keyboard.press("Control+k")
    palette, field = page.get_by_role("dialog"), page.get_by_role("combobox", name="Search")
    expect(field).to_be_focused()
    expect(palette.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("acme cl")
    option = palette.get_by_role("option", name="The acme clip")
    expect(option).to_be_visible()
    assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/media/*")
    page.keyboard.press("Meta+k")
    page.keyboard.type("who can")
    expect(palette.get_by_role("option").first).to_contain_text("Who can do what")
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/acme/access")
    assert not page.watch.found


def test_a_member_is_led_to_what_a_member_may_see(page_of):
    page = page_of("mel")
    page.goto("/o/acme/")
    page.keyboard.press("/")
    palette = page.get_by_role("dialog")
    assert "Access tokens" not in palette.inner_text() and "Members" in palette.inner_text()
    page.keyboard.type("token")
    expect(palette.get_by_text("Nothing found.")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/account")
    page.keyboard.press("Control+k")
    assert page.get_by_role("dialog").count() == 0, "no organization, nothing to search"


def test_a_slash_that_is_typed_stays_a_slash(page_of):
    page = page_of("ada")
    page.goto("/o/acme/members/")
    page.locator("#q").press_sequentially("a/b")
    expect(page.locator("#q")).to_have_value("a/b")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_search_page_works_without_a_script(page_of):
    page = page_of("ada", script=False)
    page.goto("/o/acme/")
    page.locator("#find").fill("acme str")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="The acme stream").click()
    page.wait_for_url("**/live/*")
