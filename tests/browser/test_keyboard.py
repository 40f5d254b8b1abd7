"""The dashboard without a mouse: quick search from anywhere, every focus seen and in order, menus that give it back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Watch

WIDE = {"width": 1280, "height": 900}
# The element that has the focus: what it is, whether one sees that it has it, and where it stands in the document.
FOCUSED = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const all = [...document.querySelectorAll("*")];
  return {
    what: element.outerHTML.slice(0, 120),
    isSeen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.height > 0,
    place: all.indexOf(element), inMain: document.querySelector("main").contains(element),
  };
}"""
MOST_STOPS = 200
TIMES = Path(__file__).resolve().parents[2] / "fastpix/web/static/js/times.js"
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))"
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(sum), 100));
})"""


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


def test_escape_closes_the_palette_at_once_and_gives_the_focus_back_from_a_menu_too(page_of):
    page = page_of("ada")
    page.goto("/o/acme/members/")
    palette, opener = page.get_by_role("dialog"), page.get_by_role("link", name="Invite people")
    opener.focus()
    page.keyboard.press("/")
    page.keyboard.type("acme")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(opener).to_be_focused()
    menu = page.locator("details.menu.account-menu > summary, .account-menu summary").first
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search")).to_have_value("")


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
    expect(page.get_by_role("dialog")).to_be_visible()  # of the organization one came from


def test_who_is_in_no_organization_has_nothing_to_search(page_of):
    page = page_of("sam")
    page.goto("/account")
    page.keyboard.press("Control+k")
    assert page.get_by_role("dialog").count() == 0


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


PLACES = ("members/", "media/upload", "access-tokens/new", "media/{media}", "live/new", "search/?q=acme")


@pytest.mark.parametrize("path", PLACES)
def test_every_stop_is_seen_in_order_and_left_again(page_of, site, path):
    page = page_of("ada")
    page.goto("/o/acme/" + path.format(media=site.cast.acme.shelf.media))
    page.evaluate("document.activeElement.blur()")
    stops = tab_through(page)
    assert "skip-link" in stops[0]["what"]
    assert not [stop["what"] for stop in stops if not stop["isSeen"]]
    places = [stop["place"] for stop in stops]
    assert places == sorted(places), "the order of the page"
    assert len([stop for stop in stops if stop["inMain"]]) >= 3
    assert not page.watch.found


def tab_through(page):
    """All stops until the focus leaves the page again, from its beginning."""
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
    stops = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or (len(stops) > 1 and stop["place"] == stops[0]["place"]):
            return stops
        # The parts of a player or a date are the browser's, which marks them itself.
        if not stops or stop["place"] != stops[-1]["place"]:
            stops.append(stop)
    raise AssertionError(f"no way out: {stops[-3:]}")


def test_the_skip_link_leads_past_the_menus(page_of):
    page = page_of("ada")
    page.goto("/o/acme/members/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["inMain"]


def test_menus_open_and_close_with_keys_and_give_the_focus_back(page_of):
    page = page_of("ada")
    page.goto("/o/acme/")
    for name in ("Organization: Acme", "Your account"):
        summary = page.locator("header summary", has_text=name)
        summary.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.menu-panel') !== null")
        page.keyboard.press("Escape")
        expect(summary).to_be_focused()
        assert page.locator("header details[open]").count() == 0


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/New_York"])
def test_times_are_near_and_their_titles_those_of_the_viewer_and_nothing_moves(page_of, zone):
    page = page_of("ada", timezone_id=zone, locale="en-US")
    page.route("**/js/times.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto("/o/acme/audit/")
    page.evaluate(PAINTED)
    first = page.locator("main .events time").first
    assert first.get_attribute("title").endswith("UTC")
    page.evaluate(TIMES.read_text())  # as late as on a slow network: after the first paint
    assert not first.get_attribute("title").endswith("UTC")
    assert re.fullmatch(r"just now|\d+ (minute|hour)s? ago", first.inner_text())
    local = page.evaluate(
        "([iso, zone]) => new Date(iso).toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })",
        [first.get_attribute("datetime"), zone],
    )
    assert local in first.get_attribute("title")
    assert page.evaluate(SHIFT) < 0.01


def test_times_are_near_without_a_script_and_their_titles_utc(page_of):
    page = page_of("ada", script=False)
    page.goto("/o/acme/audit/")
    first = page.locator("main .events time").first
    assert re.fullmatch(r"just now|\d+ (minute|hour)s? ago", first.inner_text())
    assert first.get_attribute("title").endswith("UTC")


def test_the_palette_does_what_people_call_by_other_words(page_of):
    page = page_of("ada")
    page.goto("/o/acme/")
    for words, named, where in (
        ("add team", "Invite people", "**/members/invitations/new"),
        ("2fa", "Second factor", "**/second-factor*"),
    ):
        page.keyboard.press("/")
        page.keyboard.type(words)
        expect(page.get_by_role("dialog").get_by_role("option", name=named)).to_be_visible()
        page.keyboard.press("Enter")
        page.wait_for_url(where)
        page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type("logout")
    expect(page.get_by_role("dialog").get_by_role("option", name="Sign out")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in*")
