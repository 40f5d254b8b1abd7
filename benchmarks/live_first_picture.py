"""How long who waits in a player sees nothing after an encoder started, with `fastpix up`, ffmpeg and Chromium.

Players wait in several phases of their asking; what is told is the mean.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from benchmarks import serving, tenant
from benchmarks.frame import Unavailable
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.video import tools

PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, PROGRAMS)), None)
LONGEST_SECONDS, PHASE_SECONDS = 60.0, 0.5
FIRST_PICTURE = """() => {
  const video = document.querySelector('video');
  if (video && !window.isWatched) {
    window.isWatched = video.muted = true;
    video.addEventListener('canplay', () => video.play().catch(() => {}));
    video.requestVideoFrameCallback(() => { window.seenAt = Date.now() });
  }
  return window.seenAt ?? 0 }"""


def seconds(folder: Path, clip: Path, rounds: int) -> float:
    """From the start of the encoder's program to the first picture in Chromium, the mean of some streams."""
    if BROWSER is None:
        raise Unavailable("needs Chromium: apt-get install chromium")
    web, port = serving.free_port(), serving.free_port()
    given = {"live_bind": f"127.0.0.1:{port}", "srt_bind": "off"}
    streams = _streams(Settings(instance_path=folder, **given), rounds)
    environ = serving.environment(folder, web, **given)
    with serving.running(serving.fastpix("up"), environ, folder / "log"):
        serving.until(web)
        serving.until(port)
        return mean(_seen(f"http://127.0.0.1:{web}", f"rtmp://127.0.0.1:{port}/live", clip, streams))


def _streams(settings: Settings, count: int) -> list[tuple[str, str]]:
    """Key and playback id of so many new streams."""
    app = create_app(settings)
    tenant.migrate(app)
    made = tenant.live_streams(app, count)
    return [(each["stream_key"], str(each["playback_ids"][0]["id"])) for each in made]


def _seen(site: str, ingest: str, clip: Path, streams: Sequence[tuple[str, str]]) -> list[float]:
    from playwright.sync_api import sync_playwright

    taken = []
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=BROWSER, args=options)
        for number, (key, playback_id) in enumerate(streams):
            page = browser.new_page()
            page.goto(f"{site}/embed/{playback_id}")
            page.evaluate(FIRST_PICTURE)
            time.sleep(2 + number * PHASE_SECONDS)
            begun = time.time()
            source = [tools.ffmpeg(), "-v", "quiet", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(clip)]
            encoder = subprocess.Popen([*source, "-c", "copy", "-f", "flv", f"{ingest}/{key}"])
            try:
                while not (seen := page.evaluate(FIRST_PICTURE)) and time.time() - begun < LONGEST_SECONDS:
                    time.sleep(0.05)
            finally:
                encoder.kill()
                encoder.wait()
            taken.append(seen / 1000 - begun if seen else LONGEST_SECONDS)
            page.close()
        browser.close()
    return taken
