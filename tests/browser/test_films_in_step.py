"""Films as people really have them, watched on the embed page: in step at every moment, to their end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.video.odd_films import FILMS, NAMED

pytestmark = pytest.mark.full("dozens of films are processed by the running server and played in a browser")


@pytest.fixture(scope="module")
def sent(eye, tmp_path_factory):
    """The media's ids by the film's name; all are sent at once, and processed while the first are watched."""
    folder = tmp_path_factory.mktemp("films")
    return {film.name: eye.send(film.at(folder)) for film in FILMS}


@pytest.mark.parametrize("name", NAMED)
def test_every_film_is_in_step_to_its_end(name, eye, sent):
    film = NAMED[name]
    media = eye.ready(sent[name])
    assert media.status == "Ready", media.reason
    assert not faults(film, eye.watch(media, rate=2)) or not faults(film, eye.watch(media, rate=1))


def faults(film, seen):
    """What a viewer would complain about. A busy machine shows and hears less exactly at twice the speed."""
    found = film.faults(seen.flashes, seen.beeps)
    if not seen.is_over or abs(seen.ended_at - film.seconds) > 0.3:
        found.append(f"ended at {seen.ended_at:.2f} of {film.seconds}")
    return [*found, *filter(None, (seen.error, seen.message))]


# As of a picture that the decoder refuses: the real one needs a broken film, and a decoder that breaks on it.
REFUSE = """async () => {
  const media = document.querySelector("video");
  const before = media.currentSrc;
  Object.defineProperty(media, "error", { value: { code: 3, message: "refused" }, configurable: true });
  media.dispatchEvent(new Event("error"));
  delete media.error;
  return before;
}"""
GOES_ON = """([before, at]) => {
  const media = document.querySelector("video");
  return media.currentSrc !== before && media.currentTime > at && !media.paused;
}"""
AT = "() => document.querySelector('video').currentTime"


def test_a_player_begins_anew_where_its_decoder_gave_up_and_at_last_says_so(eye, sent, visit):
    media = eye.ready(sent["plain mp4"])
    page = visit(eye.server)
    page.goto(f"/embed/{media.playback_id}")
    page.evaluate("() => { const media = document.querySelector('video'); media.loop = true; return media.play(); }")
    page.wait_for_function(f"() => ({AT})() > 0.3")
    for _ in range(2):
        at = page.evaluate(AT)
        before = page.evaluate(REFUSE)
        page.wait_for_function(GOES_ON, arg=[before, at])
    expect(page.locator("[data-message]")).to_be_hidden()
    page.evaluate(REFUSE)
    expect(page.locator("[data-message]")).to_have_text("This browser cannot play the video.")
