"""A broadcast as people live it: the key from the page, a real encoder, the picture that appears by itself, the recording."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Watch
from tests.running.encoder import Encoder, make_clip

MOVES = """() => { const v = document.querySelector('video');
  if (!v || !v.videoWidth) return false;
  window.seenAt ??= v.currentTime; return v.currentTime > window.seenAt + 1 }"""
PLAYS = "() => { const v = document.querySelector('video'); return v && v.currentTime > 1 && v.videoWidth > 0 }"
SECRETS = re.compile(r"[0-9a-f]{32}k[0-9a-f]{32}")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip"), "640x360")


@pytest.fixture(scope="module")
def site(servers):
    server = servers()
    server.cast = server.seed()
    return server.start()


def make_stream(page, name, policy="public"):
    """By the form; ends on the stream's page. The server and the key that it shows."""
    page.goto("/o/acme/live/new")
    page.get_by_label("Name").first.fill(name)
    page.locator(f"input[name=policy][value={policy}]").check()
    page.get_by_role("button", name=re.compile("^Create")).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    return page.locator("#live-server").input_value(), page.locator("#stream-key").input_value()


@pytest.mark.parametrize("policy", ["public", "private"])
def test_the_page_turns_live_by_itself_and_the_recording_plays(site, visit, clip, policy):
    page = visit(site, session=site.cast.people["ada"].session)
    watch = Watch(page, site)
    server, key = make_stream(page, f"The {policy} talk", policy)
    assert server == f"rtmp://localhost:{site.live_port}/live" and SECRETS.fullmatch(key)
    expect(page.get_by_role("heading", name="Waiting for a signal")).to_be_visible()
    encoder = Encoder(clip, f"{server}/{key}")
    try:
        page.wait_for_function(MOVES, timeout=20_000)
        expect(page.get_by_role("heading", name="On air", exact=True)).to_be_visible()
        expect(page.locator("[data-signal=picture]")).to_have_text(re.compile("640 × 360"))
        expect(page.locator("[data-signal=bit_rate]")).to_have_text(re.compile(r"\d"), timeout=10_000)
        _a_member_watches(site, visit, page.url, key)
        page.get_by_role("link", name="Finish").click()
        page.get_by_role("button", name=re.compile("Finish")).click()
        expect(page.get_by_role("heading", name="Waiting for a signal")).to_be_visible(timeout=10_000)
    finally:
        with suppress(Exception):
            encoder.stop()
    _recording_plays(page)
    assert not watch.found


def _a_member_watches(site, visit, url, key):
    mel = visit(site, session=site.cast.people["mel"].session)
    answers = []
    mel.on("response", lambda answer: answers.append(answer) if "/o/acme/" in answer.url else None)
    mel.goto(url)
    mel.wait_for_function(MOVES, timeout=20_000)
    told = mel.content() + "".join(answer.text() for answer in answers)
    assert key not in told and not SECRETS.search(told) and "Stream key" not in told
    assert (
        not mel.locator("main a, main button").filter(has_text=re.compile("Finish|Disable|Delete|Edit|Reset")).count()
    )


def _recording_plays(page):
    link = page.locator("[data-refresh=recordings] a").first
    link.wait_for(timeout=30_000)
    link.click()
    page.wait_for_selector("video", timeout=60_000)
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; return v.play().catch(() => 0) }")
    page.wait_for_function(PLAYS, timeout=20_000)


def test_an_embedded_player_waits_for_the_broadcast_and_plays_it(site, visit, clip):
    page = visit(site, session=site.cast.people["ada"].session)
    server, key = make_stream(page, "Embedded")
    embed = page.locator("input[id^=embed-]").first.input_value()
    address = re.search(r'src="([^"]+)"', embed)[1]
    viewer = visit(site)
    viewer.goto(address)
    encoder = Encoder(clip, f"{server}/{key}")
    try:
        viewer.evaluate(
            "() => { document.querySelector('video').muted = true; document.querySelector('video').autoplay = true }"
        )
        viewer.wait_for_function(MOVES, timeout=30_000)
    finally:
        encoder.stop()
