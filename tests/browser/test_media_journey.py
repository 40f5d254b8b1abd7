"""A real clip in a real browser: dropped into the dashboard, processed, played; a private one only with its token."""

from __future__ import annotations

import base64
import re

import httpx
import pytest
from playwright.sync_api import expect

from fastpix.resources.signing_keys import domain as signing_keys
from tests.browser.looking import Watch
from tests.cast import acting_as
from tests.running.server import eventually
from tests.video.clips import H264, clip, picture, tone

PLAYS = "() => { const v = document.querySelector('video'); return v && v.currentTime > 1 && v.videoWidth > 0 }"
READY_MS = 60_000


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory):
    """640x360, four seconds, so that playback can be seen to advance."""
    folder = tmp_path_factory.mktemp("clips")
    return clip(folder, "A real clip.mp4", *picture("640x360", seconds=4), *tone(4), *H264, "-c:a", "aac", "-shortest")


@pytest.fixture(scope="module")
def site(servers):
    server = servers(fetch_allow_private="true")
    kept = {}

    def make_key(cast):
        with acting_as(cast, "ada"):
            kept.update(signing_keys.create(cast.acme.workspace))

    server.cast = server.seed(also=make_key)
    server.key = kept
    return server.start()


@pytest.fixture
def ada(site, visit):
    return visit(site, session=site.cast.people["ada"].session)


def upload(page, site, path, policy="public"):
    """Through the dashboard, as a person does it; ends on the media's page."""
    page.goto(f"/o/acme/media/upload?workspace={site.cast.acme.workspace}")
    page.locator("#file").set_input_files(str(path))
    if policy == "private":
        page.locator("input[name=policy][value=private]").check()
    page.get_by_role("button", name=re.compile("^Upload")).click()
    page.locator("[data-open]:visible").click(timeout=READY_MS)


def play(page):
    """Start the video and see it advance; its real size in pixels."""
    page.wait_for_selector("video", timeout=READY_MS)
    page.evaluate(
        "() => { const v = document.querySelector('video'); v.muted = true; return v.play().catch(() => null) }"
    )
    page.wait_for_function(PLAYS, timeout=30_000)
    return page.evaluate("() => { const v = document.querySelector('video'); return [v.videoWidth, v.videoHeight] }")


def playback_id(site, media_path):
    token = site.cast.people["ada"].tokens["admin"]
    media_id = media_path.rstrip("/").rpartition("/")[2]
    told = httpx.get(f"{site.url}/v1/on-demand/{media_id}", auth=(str(token.id), token.secret)).json()["data"]
    return told["playbackIds"][0]["id"]


def test_a_clip_is_dropped_in_and_plays(ada, site, clip_path):
    watch = Watch(ada, site)
    upload(ada, site, clip_path)
    assert play(ada) == [640, 360]
    assert not watch.found
    thumbnail = httpx.get(f"{site.url}/images/{playback_id(site, ada.url)}/thumbnail.jpg")
    assert thumbnail.headers["Content-Type"] == "image/jpeg"


def test_a_private_clip_plays_with_a_token_signed_on_the_keys_page_and_not_without(ada, site, clip_path, visit):
    upload(ada, site, clip_path, policy="private")
    assert play(ada) == [640, 360]  # the dashboard shows it to its people
    found = playback_id(site, ada.url)
    assert httpx.get(f"{site.url}/stream/{found}.m3u8").status_code == 401

    ada.goto(f"/o/acme/signing-keys/{site.key['id']}")
    ada.locator("#playback_id").select_option(found)
    ada.locator("#private-key").fill(base64.b64decode(site.key["private_key"]).decode())
    ada.locator("[data-do]").click()
    address = ada.locator("#signed-stream")
    expect(address).to_have_value(re.compile("token="))
    signed = address.input_value()
    assert httpx.get(signed).status_code == 200

    stranger = visit(site)
    stranger.goto(f"/embed/{found}?{signed.partition('?')[2]}")
    assert play(stranger) == [640, 360]
    stranger.goto(f"/embed/{found}")
    assert not stranger.evaluate(f"({PLAYS})()")


def test_an_upload_without_javascript_plays_as_well(site, visit, clip_path):
    page = visit(site, session=site.cast.people["ada"].session, script=False)
    page.goto(f"/o/acme/media/upload?workspace={site.cast.acme.workspace}")
    page.locator("#file").set_input_files(str(clip_path))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page).to_have_url(re.compile(r"/media/[0-9a-f-]{36}"))

    def is_ready():
        page.reload()
        return page.get_by_text("Ready", exact=True).count()

    eventually(is_ready, 60)


def test_a_member_watches_and_finds_nothing_to_change(site, ada, visit, clip_path):
    upload(ada, site, clip_path)
    play(ada)
    mel = visit(site, session=site.cast.people["mel"].session)
    mel.goto(ada.url)
    assert play(mel) == [640, 360]
    offered = mel.locator("main a, main button").all_inner_texts()
    assert not [text for text in offered if re.search("Delete|Edit|Upload|Add|Try again|Restrict", text)]
