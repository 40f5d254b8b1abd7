"""Players from npm watch one broadcast side by side: live, back in time, through encoders that change, and to its end.

Who they are stands in `players.PLAYERS`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.looking import new_context
from tests.browser.players import PLAYERS, Player, put_on
from tests.running.encoder import Encoder
from tests.running.server import Server, eventually
from tests.running.shelf_server import files_at
from tests.running.stream import Stream
from tests.video.clips import clip
from tests.video.flashes import picture, sound
from tests.video.odd_films import AAC

pytestmark = pytest.mark.full("six players watch a broadcast for a minute in a real browser")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p")
PATIENT = 60  # seconds: a deadline, not a pause
LIVE, BACK, AGAIN = "live", "goes back", "at the edge again"
MUTE, HEARD, ANEW, LEFT, FINISHED = (
    "no sound, larger",
    "sound again",
    "comes anew",
    "it left for good",
    "finished on air",
)
Looks = dict[Player, dict[str, Any]]


class Audience:
    """All players on one stream, each on a page of its own."""

    def __init__(self, stage: Stage, stream: Stream, players: Sequence[Player]) -> None:
        address = f"{stream.server.url}/stream/{stream.playback_id}.m3u8"
        self.pages = {player: stage.context.new_page() for player in players}
        for player, page in self.pages.items():
            page.goto(f"{stage.site}/{PLAYERS.index(player)}.html?address={address}")

    def looks(self) -> Looks:
        return {player: page.evaluate("look()") for player, page in self.pages.items()}

    def each(self, call: str) -> None:
        for page in self.pages.values():
            page.evaluate(call)

    def until(self, is_so: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Looks:
        """Look until it is so for all, or was not in time: what was seen of each, `is_so` among it.

        `is_so` is asked of what is seen now and of what was seen first.
        """
        first, end = self.looks(), time.monotonic() + PATIENT
        while True:
            found = self.looks()
            for player, now in found.items():
                now["is_so"] = bool(is_so(now, first[player])) and not now["errors"] and not now["failed"]
            if all(now["is_so"] for now in found.values()) or time.monotonic() > end:
                return found
            next(iter(self.pages.values())).wait_for_timeout(100)

    def close(self) -> None:
        for page in self.pages.values():
            page.close()


def goes_on(now: dict[str, Any], first: dict[str, Any]) -> bool:
    return now["at"] > first["at"] + 1


def is_over(now: dict[str, Any], _first: dict[str, Any]) -> bool:
    return now["isOver"] and abs(now["at"] - now["duration"]) < 0.3


@dataclass(frozen=True)
class Stage:
    """Where it is played: a browser's context, the players' site, the server, and films with and without sound."""

    context: Any
    site: str
    server: Server
    both: Path
    mute: Path


@pytest.fixture(scope="module")
def stage(chromium, tmp_path_factory) -> Iterator[Stage]:
    folder, shelf = tmp_path_factory.mktemp("players"), tmp_path_factory.mktemp("shelf")
    put_on(shelf)
    both = clip(folder, "both.flv", *picture(60), *sound(60, moments=range(0, 60, 2)), *X264, *AAC)
    mute = clip(folder, "mute.flv", *picture(60, size="640x360"), *X264)
    with Server.running(folder, fetch_allow_private="true") as server, files_at(shelf) as site:
        context = new_context(chromium, server)
        yield Stage(context, site, server, both, mute)
        context.close()


@pytest.fixture(scope="module")
def outcomes(stage) -> dict[tuple[Player, str], dict[str, Any]]:
    """What each player showed in each situation, all of them side by side."""
    return play(stage, PLAYERS)


@pytest.fixture
def seen(player, situation, outcomes, stage):
    """What the player showed. At a second try it is alone."""
    first_try = outcomes.pop((player, situation), None)
    return first_try if first_try is not None else play(stage, (player,))[player, situation]


def play(stage: Stage, players: Sequence[Player]) -> dict[tuple[Player, str], dict[str, Any]]:
    found: dict[str, Looks] = {}
    missing: dict[str, Any] = {"is_so": False}
    try:
        watch(found, stage, players)
        found[FINISHED] = finished(stage, players)
    except AssertionError as problem:  # what was seen until then is judged
        missing["trouble"] = str(problem)
    return {(each, name): found.get(name, {}).get(each, missing) for each in players for name in SITUATIONS}


def watch(found: dict[str, Looks], stage: Stage, players: Sequence[Player]) -> None:
    """One broadcast that goes through all situations but the last."""
    both, mute = stage.both, stage.mute
    stream = Stream(stage.server, recording=False, dvr=True)
    encoder = Encoder(both, stream.url)
    try:
        stream.until_pieces(3)
        audience = Audience(stage, stream, players)
        found[LIVE] = audience.until(lambda now, first: goes_on(now, first) and now["width"] == 320)
        stream.until_pieces(6)
        audience.each("() => go(look().first + 0.5)")
        found[BACK] = audience.until(lambda now, _: now["isThere"])
        audience.each("() => go(look().last - 5)")
        found[AGAIN] = audience.until(lambda now, _: now["isThere"])
        encoder = another(encoder, mute, stream)
        found[MUTE] = audience.until(lambda now, first: goes_on(now, first) and now["width"] == 640)
        encoder = another(encoder, both, stream)
        audience.until(lambda now, _: now["width"] == 320)
        audience.each("listen()")
        found[HEARD] = audience.until(lambda now, first: goes_on(now, first) and now["loudest"] > 0.1)
        anew = Audience(stage, stream, players)
        found[ANEW] = anew.until(goes_on)
        anew.close()
        encoder.stop()
        eventually(lambda: stream.is_away, PATIENT)
        stream.do("finish")
        found[LEFT] = audience.until(is_over)
        audience.close()
    finally:
        encoder.stop()


def another(encoder, film, stream) -> Encoder:
    """The stream's encoder comes back with another film."""
    encoder.stop()
    eventually(lambda: stream.is_away, PATIENT)
    last = stream.playlist().last
    made = Encoder(film, stream.url)
    stream.until_pieces(last + 1)
    return made


def finished(stage: Stage, players: Sequence[Player]) -> Looks:
    """A broadcast that slides, and is finished while its encoder sends."""
    stream = Stream(stage.server, recording=False, dvr=False)
    encoder = Encoder(stage.both, stream.url)
    try:
        stream.until_pieces(3)
        audience = Audience(stage, stream, players)
        audience.until(goes_on)
        stream.do("finish")
        found = audience.until(is_over)
        audience.close()
    finally:
        encoder.stop()
    return found


SITUATIONS = (LIVE, BACK, AGAIN, MUTE, HEARD, ANEW, LEFT, FINISHED)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("player", PLAYERS, ids=lambda player: player.name)
def test_it_plays(player, situation, seen):
    assert seen["is_so"], json.dumps(seen)
