"""An encoder that comes back with other tracks or another size: who watches goes on, who comes anew begins, and the
master describes what is sent now."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from fastpix.live.rtmp import flv
from tests.browser.looking import new_context
from tests.running.encoder import Encoder
from tests.running.frames import late, send, tags, without
from tests.running.server import eventually
from tests.running.stream import Stream
from tests.video.flashes import picture, sound
from tests.video.odd_films import AAC

pytestmark = pytest.mark.full("an encoder leaves and returns with other tracks while a browser watches")
PICTURE = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p")
STATE = """() => {
  const media = document.querySelector("video, audio");
  const told = document.querySelector("[data-message]");
  return { at: media.currentTime, width: media.videoWidth, says: told && !told.hidden ? told.textContent : "" };
}"""

SOURCE = "() => document.querySelector('video, audio').currentSrc"
# The loudest that was heard since one listens; silence has bytes, too.
LISTEN = """async () => {
  const media = document.querySelector("video, audio");
  media.muted = false;
  const context = new AudioContext(), ear = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaElementSource(media).connect(ear).connect(context.destination);
  await context.resume();
  const values = new Float32Array(2048);
  window.loudest = 0;
  setInterval(() => {
    ear.getFloatTimeDomainData(values);
    window.loudest = Math.max(window.loudest, ...values.map(Math.abs));
  }, 20);
  await media.play();
}"""
HEARD = "() => window.loudest"


@pytest.fixture
def page(eye, chromium):
    context = new_context(chromium, eye.server)
    yield context.new_page()
    context.close()


def plays(page, width):
    """Whether pictures of this width move on the page."""
    before = page.evaluate(STATE)
    page.wait_for_timeout(400)
    after = page.evaluate(STATE)
    return after["width"] == width and after["at"] > before["at"]


def described(stream):
    return httpx.get(f"{stream.server.url}/stream/{stream.playback_id}.m3u8", timeout=30).text


@pytest.mark.parametrize("way", ["sound goes", "sound comes"])
def test_who_watches_goes_on_and_who_comes_anew_begins(way, eye, film, page):
    with_sound = film("with.flv", *picture(20), *sound(20), *PICTURE, *AAC)
    without = film("without.flv", *picture(20, size="640x360"), *PICTURE)
    (first, width), (second, other) = ((with_sound, 320), (without, 640))[:: 1 if way == "sound goes" else -1]
    stream = Stream(eye.server)
    encoder = Encoder(first, stream.url)
    try:
        stream.until_pieces(2)
        page.goto(f"{eye.server.url}/embed/{stream.playback_id}")
        page.locator("video").evaluate("media => { media.muted = true; return media.play(); }")
        eventually(lambda: plays(page, width), 30, "the first encoder is not seen")
        encoder.stop()
        eventually(lambda: stream.is_away, what="the first encoder is still here")
        encoder = Encoder(second, stream.url)
        eventually(lambda: f"RESOLUTION={other}x" in described(stream), 30, "the master still tells of the first")
        assert "mp4a" in described(stream)  # silence, where the encoder has no sound
        eventually(lambda: plays(page, other), 40, f"who watched does not see the second: {page.evaluate(STATE)}")
        fresh = page.context.new_page()
        fresh.goto(f"{eye.server.url}/embed/{stream.playback_id}")
        fresh.locator("video").evaluate("media => { media.muted = true; return media.play(); }")
        eventually(lambda: plays(fresh, other), 30, f"who came anew sees nothing: {fresh.evaluate(STATE)}")
    finally:
        encoder.stop()
        stream.do("finish")


def test_who_watches_hears_sound_that_begins_later(eye, film, page):
    """In one connection of the encoder: a microphone that is switched on."""
    sent = late(
        tags(film("late.flv", *picture(40), *sound(40, moments=range(0, 40, 2)), *PICTURE, *AAC)), flv.AUDIO, 9000
    )
    stream = Stream(eye.server, recording=False)
    with ThreadPoolExecutor(1) as encoder:
        sending = encoder.submit(lambda: asyncio.run(send(stream.url, sent, faster=1)))
        stream.until_pieces(2)
        page.goto(f"{eye.server.url}/embed/{stream.playback_id}")
        page.evaluate(LISTEN)
        eventually(lambda: plays(page, 320), 30, "the picture is not seen")
        assert "mp4a" in described(stream) and page.evaluate(HEARD) == 0
        eventually(lambda: page.evaluate(HEARD) > 0.1 and plays(page, 320), 60, f"no sound: {page.evaluate(STATE)}")
        stream.do("finish")
        sending.result()


def test_who_watches_goes_on_when_a_track_stops_and_when_it_returns(eye, film, page):
    """In one connection of the encoder: a phone that is muted for twelve seconds, and one whose camera is taken away."""
    sent = tags(film("both.flv", *picture(40), *sound(40), *PICTURE, *AAC))
    muted, dark = (Stream(eye.server, recording=False, dvr=True) for _ in range(2))
    pages = {muted: page, dark: page.context.new_page()}
    with ThreadPoolExecutor(2) as encoders:
        for stream, kind in ((muted, flv.AUDIO), (dark, flv.VIDEO)):
            cut = without(sent, kind, 8000, 20_000)
            encoders.submit(lambda url=stream.url, cut=cut: asyncio.run(send(url, cut, faster=1)))
        for stream, its_page in pages.items():
            stream.until_pieces(1)
            its_page.goto(f"{eye.server.url}/embed/{stream.playback_id}")
            its_page.locator("video").evaluate("media => { media.muted = true; return media.play(); }")
            eventually(lambda its_page=its_page: plays(its_page, 320), 30, "the picture is not seen")
        source = page.evaluate(SOURCE)
        eventually(lambda: "avc1" not in described(dark), 40, "the master still promises a picture")
        eventually(lambda: goes_on(pages[dark]), 40, f"the sound does not go on alone: {pages[dark].evaluate(STATE)}")
        eventually(lambda: page.evaluate(STATE)["at"] > 21, 60, f"the silence was not passed: {page.evaluate(STATE)}")
        assert "mp4a" in described(muted) and page.evaluate(SOURCE) == source  # it did not have to begin anew
        eventually(lambda: plays(pages[dark], 320), 60, f"the picture did not return: {pages[dark].evaluate(STATE)}")
        for stream in pages:
            stream.do("finish")


def goes_on(page):
    """Whether it plays on by sound alone."""
    before = page.evaluate(STATE)
    page.wait_for_timeout(400)
    after = page.evaluate(STATE)
    return after["at"] > before["at"] and not after["width"] and not after["says"]
