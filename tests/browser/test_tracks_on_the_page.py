"""A media's page tells of its tracks by itself: also of what was done before it first asked, or while somebody was in it."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def site(servers):
    server = servers()
    server.cast = server.seed()
    return server.start_web()  # without a worker: a track that was added stays in preparation


@pytest.fixture
def api(site):
    token = site.cast.people["ada"].tokens["admin"]
    with httpx.Client(base_url=f"{site.url}/v1/", auth=(str(token.id), token.secret)) as client:
        yield client


@pytest.mark.parametrize("is_in_it", [False, True], ids=["looking on", "being in it"])
def test_what_was_done_before_the_page_asked_is_shown(site, api, visit, is_in_it):
    media = site.cast.acme.shelf.media
    told = {"url": "https://files.example/fr.vtt", "type": "subtitle", "languageCode": "fr", "languageName": "French"}
    made = api.post(f"on-demand/{media}/tracks", json={"tracks": told}).json()["data"]["id"]
    page = visit(site, session=site.cast.people["ada"].session)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto(f"/o/acme/media/{media}")
    french = page.get_by_role("row").filter(has_text="French")
    expect(french).to_contain_text("Preparing")
    if is_in_it:
        page.get_by_role("link", name="Add a track").focus()
    assert api.delete(f"on-demand/{media}/tracks/{made}").status_code == 200
    with page.expect_response(f"**/media/{media}"):  # the page anew, for what changed in it
        page.clock.fast_forward(600)
    if is_in_it:
        page.get_by_role("link", name="Edit", exact=True).focus()
    expect(french).to_have_count(0)
