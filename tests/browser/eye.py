"""The eye: what a viewer sees and hears of a media on the product's own page, in Chromium, in numbers.

    media = eye.show(path)                 # sent over the API, processed by the running server
    seen = eye.watch(media)                # played from beginning to end on /embed/<playback id>
    assert seen.in_step(MOMENTS) and seen.ended_at > 7.9
    assert near(seen.colours["red"], RED)

Pictures are read in requestVideoFrameCallback, with the time that the browser gives each; sound is what the element gives
to Web Audio, told by the element's own clock. Accuracy: a frame for the picture, about 20 ms for the sound.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.browser.looking import new_context
from tests.running.server import Server, eventually
from tests.running.shelf_server import files_at
from tests.video.flashes import GRANTED, PATCHES, offsets, spells

READY_SECONDS = 120
# Of the picture, as shares of its sides: where a film of `flashes` flashes, and the middles of its three patches.
SPOTS = {"flash": (0.5, 0.2), **{name: ((number + 0.5) / 3, 0.78) for number, name in enumerate(PATCHES)}}
PICTURES = """async ({ spots, images }) => {
  const player = document.querySelector("[data-player]");
  const sprite = new URL("sprite.jpg", new URL(player.dataset.storyboard, document.baseURI)).href;
  const addresses = {
    poster: [document.querySelector("video").poster], sprite: [sprite, 0, 0, 160, 90],
    ...Object.fromEntries(["thumbnail.jpg", "thumbnail.png", "thumbnail.webp", "clip.gif", "clip.webp"].map(
      (name) => [name, [`${images}/${name}?width=320`]])),
  };
  const found = {};
  for (const [name, [address, ...box]] of Object.entries(addresses)) {
    const answer = await fetch(address);
    if (!answer.ok) { found[name] = { status: [answer.status, 0, 0] }; continue; }
    const image = await createImageBitmap(await answer.blob(), ...box);
    const canvas = new OffscreenCanvas(image.width, image.height);
    const drawing = canvas.getContext("2d");
    drawing.drawImage(image, 0, 0);
    found[name] = {};
    for (const [spot, [x, y]] of Object.entries(spots)) {
      const { data } = drawing.getImageData(Math.round(x * image.width) - 2, Math.round(y * image.height) - 2, 4, 4);
      const sums = [0, 0, 0];
      data.forEach((value, place) => { if (place % 4 < 3) sums[place % 4] += value / 16; });
      found[name][spot] = sums.map(Math.round);
    }
  }
  return found;
}"""
LEVELS = """(address) => new Promise((go) => {
  const player = new Hls();
  player.on(Hls.Events.MANIFEST_PARSED, (_name, { levels }) => {
    go(levels.map(({ frameRate, maxBitrate, averageBitrate, width }) => ({ frameRate, maxBitrate, averageBitrate, width })));
    player.destroy();
  });
  player.loadSource(address);
})"""
# Seconds: a busy machine lets the sound drop out for so long in the middle of one beep.
DROPOUT = 0.2
# Drawn as a stamp: what is looked at are the pictures themselves, and to draw them large takes a third of all the time.
SMALL = "video { transform: scale(0.1) }"
SCRIPT = (Path(__file__).parent / "eye.js").read_text()


@dataclass(frozen=True)
class Shown:
    """A media on the server: its ids, its status, and what was said of it."""

    id: str
    playback_id: str
    status: str
    reason: str = ""
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What came of playing: when it flashed and beeped, where it ended, mean colours of the patches, and frames."""

    flashes: tuple[float, ...]
    beeps: tuple[float, ...]
    ended_at: float
    is_over: bool
    duration: float
    colours: dict[str, tuple[int, int, int]]
    frames: int
    sizes: tuple[tuple[int, int], ...]
    message: str = ""
    error: str = ""
    first_duration: float = 0.0

    @property
    def offsets(self) -> list[float]:
        """By how many seconds the sound is later than the picture, at each flash."""
        return offsets(self.flashes, self.beeps)


def near(seen: Sequence[int], wanted: Sequence[int], within: int = 8) -> bool:
    """Whether a colour is the wanted one, within 8 steps of each part."""
    return all(abs(one - other) <= within for one, other in zip(seen, wanted, strict=True))


def in_step(seen: Seen, source: Iterable[float] = (), granted: float = GRANTED) -> bool:
    """Whether sound and picture are as far apart as in the source, of which the offsets are given; else none."""
    wanted = list(source) or [0.0] * len(seen.flashes)
    return all(abs(one - other) <= granted for one, other in zip(seen.offsets, wanted, strict=True))


class Eye:
    """One server, one browser, and a shelf from which the server fetches what is shown."""

    def __init__(self, server: Server, chromium: Any, shelf: Path, address: str) -> None:
        self.server, self._shelf, self._address = server, shelf, address
        token = server.cast.people["ada"].tokens["people"]
        self._auth = (str(token.id), token.secret)
        self._context = new_context(chromium, server, bypass_csp=True, viewport={"width": 1400, "height": 900})

    def close(self) -> None:
        self._context.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The data of an operation of the API, which must work."""
        answer = httpx.request(method, f"{self.server.url}/v1{path}", auth=self._auth, json=body, timeout=30)
        assert answer.status_code in (200, 201), answer.text
        return answer.json().get("data")

    def send(self, file: Path, **body: Any) -> str:
        """Have the file fetched; the media's id. Send several at once: they are processed while others are watched."""
        (self._shelf / file.parent.name).mkdir(exist_ok=True)
        place = self._shelf / file.parent.name / file.name
        if not place.exists():
            place.symlink_to(file)
        url = f"{self._address}/{file.parent.name}/{file.name}"
        given = {"inputs": [{"type": "video", "url": url}], "accessPolicy": "public", **body}
        return str(self.ask("POST", "/on-demand", given)["id"])

    def playing(self, media_id: str, segments: int = 1) -> Shown:
        """The media once so many segments of it play, which must be before its processing is over."""
        told = self.ask("GET", f"/on-demand/{media_id}")
        playback_id = told["playbackIds"][0]["id"]

        def look() -> bool:
            lines = httpx.get(f"{self.server.url}/stream/{playback_id}.m3u8").text.splitlines()
            rungs = [line for line in lines if line.startswith("m/")]
            return bool(rungs) and httpx.get(f"{self.server.url}/stream/{rungs[-1]}").text.count("#EXTINF") >= segments

        eventually(look, READY_SECONDS)
        told = self.ask("GET", f"/on-demand/{media_id}")
        assert told["status"] == "Processing", "it was made too quickly to be looked at"
        return Shown(media_id, playback_id, told["status"], told=told)

    def ready(self, media_id: str) -> Shown:
        """The media once its processing is over, well or badly."""

        def look() -> Any:
            told = self.ask("GET", f"/on-demand/{media_id}")
            return told if told["status"] in ("Ready", "Failed") else None

        told = eventually(look, READY_SECONDS, f"the media {media_id} was not processed in time")
        playback = told.get("playbackIds") or [{}]
        return Shown(media_id, playback[0].get("id", ""), told["status"], json.dumps(told.get("error") or ""), told)

    def show(self, file: Path, **body: Any) -> Shown:
        """Send the file and wait; it must become Ready."""
        shown = self.ready(self.send(file, **body))
        assert shown.status == "Ready", shown
        return shown

    def pictures(self, media: Shown) -> dict[str, dict[str, tuple[int, int, int]]]:
        """The colours of every still and moving picture that is made of the media, by the picture's name."""
        page = self._context.new_page()
        try:
            page.goto(f"/embed/{media.playback_id}")
            made = page.evaluate(PICTURES, {"spots": SPOTS, "images": f"/images/{media.playback_id}"})
        finally:
            page.close()
        return {name: {spot: tuple(colour) for spot, colour in found.items()} for name, found in made.items()}

    def levels(self, playback_id: str) -> list[dict[str, float]]:
        """What hls.js reads of the master playlist: of each rendition its frame rate, bit rates and width."""
        page = self._context.new_page()
        try:
            page.goto(f"/embed/{playback_id}")
            return list(page.evaluate(LEVELS, f"/stream/{playback_id}.m3u8"))
        finally:
            page.close()

    def watch(
        self,
        media: Shown,
        *,
        until: float = 3600,
        seconds: float = 60,
        rate: float = 2,
        begin: float = 0,
        patience: float = 4,
    ) -> Seen:
        """Play on the embed page, from `begin` until its end, or `until`, or it stands still for `patience` seconds."""
        page = self._context.new_page()
        try:
            page.goto(f"/embed/{media.playback_id}")
            page.add_style_tag(content=SMALL)
            how = {"until": until, "seconds": seconds, "rate": rate, "begin": begin, "patience": patience}
            raw = page.evaluate(SCRIPT, {"spots": SPOTS, **how})
        finally:
            page.close()
        return _seen(raw)


def _seen(raw: dict[str, Any]) -> Seen:
    pictures = sorted(raw["pictures"], key=lambda each: each["at"])
    heard = ((at, level > 0.1) for at, level in sorted(raw["levels"]))
    return Seen(
        flashes=tuple(begin for begin, _ in spells((each["at"], min(each["flash"]) > 128) for each in pictures)),
        beeps=tuple(begin for begin, _ in spells(heard, pause=DROPOUT)),
        ended_at=raw["ended_at"],
        is_over=raw["is_over"],
        duration=raw["duration"] or 0.0,
        colours={name: tuple(colour) for name, colour in raw["colours"].items()},
        frames=raw["frames"],
        sizes=tuple(dict.fromkeys((each["width"], each["height"]) for each in pictures)),
        message=raw["message"],
        error=raw["error"],
        first_duration=raw["first_duration"] or 0.0,
    )


@contextmanager
def opened(server: Server, chromium: Any, folder: Path) -> Iterator[Eye]:
    """An eye on this server, with a shelf in the folder."""
    with files_at(folder) as address:
        eye = Eye(server, chromium, folder, address)
        yield eye
        eye.close()
