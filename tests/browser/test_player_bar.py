"""The player's bar, in the dashboard and on other sites: previews, quality, speed and captions in one, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import AXE, RUN_AXE, Watch, new_context
from tests.browser.test_media_journey import playback_id, upload
from tests.running.server import eventually
from tests.video.clips import clip, picture, tone

WORDS = b"WEBVTT\n\n00:00.000 --> 00:06.000\nThese words are said.\n"
SHOWN_LEVEL = "() => document.querySelector('video').videoHeight"
PLAY = "() => { const v = document.querySelector('video'); v.muted = true; return v.play(); }"


@pytest.fixture(scope="module")
def site(servers):
    server = servers()
    server.cast = server.seed()
    return server.start()


@pytest.fixture(scope="module")
def shown(site, chromium, tmp_path_factory):
    """Paths of a film that was encoded in several resolutions, with captions: on the dashboard, and to embed."""
    folder = tmp_path_factory.mktemp("clips")
    # MPEG-4 of old, which no browser plays: it is encoded.
    film = clip(
        folder, "Ladder.mkv", *picture("1280x720", seconds=6), *tone(6), "-c:v", "mpeg4", "-q:v", "5", "-c:a", "aac"
    )
    context = new_context(chromium, site, session=site.cast.people["ada"].session)
    page = context.new_page()
    upload(page, site, film)
    media = page.url
    page.goto(f"{media}/tracks/new")
    page.locator("input[type=file]").set_input_files({"name": "en.vtt", "mimeType": "text/vtt", "buffer": WORDS})
    page.get_by_label("Language", exact=True).fill("English")
    page.get_by_label("Language code").fill("en")
    page.get_by_role("button", name="Add the track").click()

    def is_ready():
        told = page.request.get(f"{media}/status").json()
        return told["status"] == "Ready" and told["settled"] and told["tracks"] == {}

    eventually(is_ready, 240)
    found = playback_id(site, media)
    context.close()
    return {"dashboard": media, "embed": f"/embed/{found}"}


def look(visit, site, path, width=1280):
    page = visit(site, session=site.cast.people["ada"].session, viewport={"width": width, "height": 800})
    watch = Watch(page, site)
    page.goto(path)
    page.locator(".plyr").hover(position={"x": 20, "y": 20})
    return page, watch


@pytest.mark.parametrize("where", ["dashboard", "embed"])
@pytest.mark.parametrize("width", [1280, 360])
def test_quality_speed_and_captions_stand_in_one_menu(site, visit, shown, where, width):
    page, watch = look(visit, site, shown[where], width)
    page.get_by_role("button", name="Settings").click()
    menu = page.locator(".plyr__menu__container")
    expect(menu.get_by_role("menuitem").filter(has_text="Captions")).to_be_visible()
    menu.get_by_role("menuitem").filter(has_text="Quality").click()
    expect(menu.get_by_role("menuitemradio", name=re.compile("^Auto"))).to_be_visible()
    lowest = menu.locator("[data-plyr=quality]:visible").last
    height = int(lowest.get_attribute("value"))
    assert 0 < height < 720
    lowest.click()
    page.evaluate(PLAY)
    page.wait_for_function(f"() => ({SHOWN_LEVEL})() === {height}")
    menu.get_by_role("menuitem").filter(has_text="Speed").click()  # a choice leads back to the menu
    menu.get_by_role("menuitemradio", name="2×").click()
    page.wait_for_function("() => document.querySelector('video').playbackRate === 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watch.found == []


@pytest.mark.parametrize("where", ["dashboard", "embed"])
def test_captions_are_drawn_when_they_are_asked_for(site, visit, shown, where):
    page, watch = look(visit, site, shown[where])
    words = page.locator(".plyr__captions")
    page.evaluate(PLAY)
    expect(words.get_by_text("These words are said.")).to_be_hidden()
    page.evaluate("document.querySelector('video').pause()")
    page.locator(".plyr").hover(position={"x": 20, "y": 20})
    page.get_by_role("button", name=re.compile("captions", re.I)).click()
    page.evaluate("() => { const v = document.querySelector('video'); v.currentTime = 1; }")
    expect(words.get_by_text("These words are said.")).to_be_visible()
    assert watch.found == []


@pytest.mark.parametrize("where", ["dashboard", "embed"])
def test_pictures_are_shown_over_the_bar(site, visit, shown, where):
    page, watch = look(visit, site, shown[where])
    bar = page.locator(".plyr__progress")
    box = bar.bounding_box()
    for part in (0.2, 0.4, 0.5):
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)
    preview = page.locator(".plyr__preview-thumb--is-shown")
    expect(preview.locator("img").first).to_be_visible()
    expect(preview).to_contain_text("00:0")
    assert watch.found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bar_is_used_by_keyboard_and_named(site, visit, shown, scheme):
    page = visit(site, color_scheme=scheme)
    page.goto(shown["embed"])
    page.locator(".plyr").wait_for()
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, "all") == []
    play = page.locator(".plyr__controls").get_by_role("button", name=re.compile("^Play"))
    play.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")
    page.keyboard.press("m")
    assert page.evaluate("document.querySelector('video').muted")
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('video').paused")


def test_nothing_moves_when_the_bar_comes(site, visit, shown):
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto(shown["dashboard"])
    page.locator(".plyr").wait_for()
    shift = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; }).observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
        })"""
    )
    assert shift < 0.01


def test_without_scripts_the_browser_s_own_controls_are_there(site, visit, shown):
    page = visit(site, script=False)
    page.goto(shown["embed"])
    assert page.locator("video[controls]").count() == 1
