"""Players that people put on their own sites, each on a page of another origin: the one table of them, and what they show.

A page of `Player.page` takes `?address=`, a master playlist. `window.look()` on it tells what a viewer has of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDORED, SHIPPED = ROOT / "tests/vendor/players", ROOT / "fastpix/web/static/vendor"
HLS = """
const player = new Hls();
player.on(Hls.Events.ERROR, (_name, problem) => { if (problem.fatal) errors.push(`${problem.type} ${problem.details}`); });
player.loadSource(address);
player.attachMedia(media);"""
VIDEO_JS = """
const player = videojs(media);
player.on("error", () => errors.push(`${player.error()?.code} ${player.error()?.message}`));
player.src({ src: address, type: "application/vnd.apple.mpegurl" });"""
# Shaka lets viewers go back no further than the playlist reached when it was loaded, unless it is told how far.
SHAKA = """
const player = new shaka.Player();
player.configure({ manifest: { availabilityWindowOverride: 7200 } });
player.addEventListener("error", ({ detail }) => { if (detail.severity === 2) errors.push(`${detail.code} ${detail.data}`); });
player.attach(media).then(() => player.load(address)).catch((problem) => errors.push(`load: ${problem.code}`));"""
PAGE = """<!doctype html><meta charset="utf-8"><title>{name}</title>
<body><video autoplay playsinline crossorigin="anonymous" width="320"></video>{scripts}
<script>
const address = new URLSearchParams(location.search).get("address");
const media = document.querySelector("video");
const errors = [];
window.addEventListener("error", (event) => errors.push(event.message));
window.addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
let loudest = 0;
{{
  const context = new AudioContext(), ear = new AnalyserNode(context, {{ fftSize: 2048 }});
  context.createMediaElementSource(media).connect(ear);
  const values = new Float32Array(2048);
  setInterval(() => {{
    ear.getFloatTimeDomainData(values);
    loudest = Math.max(loudest, ...values.map(Math.abs));
  }}, 20);
}}
window.listen = () => {{ loudest = 0; }};
window.look = () => ({{
  at: media.currentTime, width: media.videoWidth, isOver: media.ended, isPaused: media.paused, loudest, errors,
  duration: media.duration, isThere: went !== null && isThere(), first: media.seekable.length ? media.seekable.start(0) : null,
  last: media.seekable.length ? media.seekable.end(media.seekable.length - 1) : null, failed: media.error?.message ?? "",
  buffered: [...Array(media.buffered.length).keys()].map((at) => [media.buffered.start(at), media.buffered.end(at)]),
}});
let went = null;
window.go = (at) => {{
  went = {{ at, moment: performance.now() }};
  media.currentTime = at;
  media.play();
}};
// Whether it plays on from where it was told to go, and did not go elsewhere by itself.
window.isThere = () => {{
  const [played, passed] = [media.currentTime - went.at, (performance.now() - went.moment) / 1000];
  return played > 1 && played < passed + 2;
}};
{begin}
</script>"""


@dataclass(frozen=True)
class Player:
    """One player. `files` are its scripts; `begin` is what a page does with them."""

    name: str
    files: tuple[Path, ...]
    begin: str

    @property
    def page(self) -> str:
        scripts = "".join(f'<script src="{file.name}"></script>' for file in self.files)
        return PAGE.format(name=self.name, scripts=scripts, begin=self.begin)


NEWEST_HLS = SHIPPED / "hls/hls.min.js"
PLAYERS = (
    Player("hls.js 1.0.12", (VENDORED / "hls-1.0.12.min.js",), HLS),
    Player("hls.js 1.5.20", (VENDORED / "hls-1.5.20.min.js",), HLS),
    Player("hls.js 1.7.4", (NEWEST_HLS,), HLS),
    Player("video.js 8.24.1", (VENDORED / "video-8.24.1.min.js",), VIDEO_JS),
    Player("Shaka 5.2.12", (VENDORED / "shaka-5.2.12.hls.js",), SHAKA),
    Player("Plyr 3.8.4", (NEWEST_HLS, SHIPPED / "plyr/plyr.min.js"), "new Plyr(media, { loadSprite: false });" + HLS),
)


def put_on(shelf: Path) -> None:
    """Write all pages, and the scripts they need, into the folder of a web server."""
    for number, player in enumerate(PLAYERS):
        (shelf / f"{number}.html").write_text(player.page)
        for file in player.files:
            (shelf / file.name).write_bytes(file.read_bytes())
