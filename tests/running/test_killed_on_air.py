"""`kill -9` of every process while three encoders send, one by each way in: the one table of what dies and what comes of it.

All three go on in the same broadcasts. Whoever is not on the way of the pictures may die without an encoder noticing; where
one that is dies, the encoder comes back, and at most the piece in hand is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

import httpx
import psutil
import pytest

from tests import nginx
from tests.nginx import Nginx
from tests.running.encoder import Returning, make_clip
from tests.running.server import Server, eventually, free_port
from tests.running.stream import Playlist, Stream
from tests.running.test_nginx_rtmp import Relayed
from tests.running.test_srt_on_air import ReturningByHand, SrtStream

pytestmark = [
    pytest.mark.full("eight processes are killed while three encoders send"),
    pytest.mark.skipif(nginx.is_missing, reason=nginx.MISSING),
]
OWN, NGINX, SRT = "our RTMP", "nginx", "SRT"
WAYS = {OWN: (Stream, Returning), NGINX: (Relayed, Returning), SRT: (SrtStream, ReturningByHand)}
EVERY = frozenset(WAYS)
PATIENT = 120  # seconds: a deadline, not a pause


class Site:
    """`fastpix up` and the nginx in front of it."""

    def __init__(self, folder) -> None:
        self.server = Server(folder)
        port, callbacks = free_port(), free_port()
        self.server.front_port = port
        self.server.settings |= {
            "live_callbacks": f"127.0.0.1:{callbacks}",
            "live_relay_url": f"rtmp://127.0.0.1:{port}/live",
        }
        self.server.cast = self.server.seed()
        self.front = Nginx(folder / "front", port, main=nginx.rtmp(port, callbacks))

    def front_processes(self) -> list[psutil.Process]:
        master = psutil.Process(self.front.process.pid)
        return [master, *master.children()]

    def ffmpegs(self) -> list[psutil.Process]:
        """Those that package what comes in."""
        return [each for each in self.server.program("live").children() if "ffmpeg" in each.name()]

    def start_front(self) -> None:
        self.front.process.wait(10)
        self.front.start()

    def start_server(self) -> None:
        self.server.process.wait(10)
        eventually(self.server.is_gone, PATIENT, "something outlived its supervisor")
        self.server.start()


@dataclass(frozen=True)
class Death:
    """Who is killed, which ways' encoders lose their connection by it, and what an operator's init system does then."""

    who: str
    victims: Callable[[Site], list[psutil.Process]]
    felt_by: frozenset[str] = frozenset()
    afterwards: Callable[[Site], None] = lambda site: None


INGEST = Death("the ingest, which listens for SRT too", lambda site: [site.server.program("live")], EVERY)
SUPERVISOR = Death(
    "the supervisor", lambda site: [psutil.Process(site.server.process.pid)], EVERY, afterwards=Site.start_server
)
# Most streams are packaged by the ingest itself; of those that ffmpeg packages, what dies differently.
DEATHS = (
    Death("a process of the web server", lambda site: site.server.master().children()[:1]),
    Death("the web server's first process", lambda site: [site.server.master()]),
    Death("the worker", lambda site: [site.server.program("worker")]),
    Death("nginx's own worker", lambda site: site.front_processes()[1:], frozenset({NGINX})),
    Death("all of nginx", Site.front_processes, frozenset({NGINX}), Site.start_front),
    INGEST,
    SUPERVISOR,
)
DEATHS_BY_FFMPEG = (Death("each ffmpeg that packages", Site.ffmpegs, EVERY), INGEST, SUPERVISOR)
PACKAGED = {"by the ingest": ("yuv420p", DEATHS), "by ffmpeg": ("yuv422p", DEATHS_BY_FFMPEG)}


@dataclass
class Outcome:
    """What of a way's broadcast was to be seen before and after each death, and whether its encoder had to come back."""

    before: dict[Death, Playlist] = field(default_factory=dict)
    after: dict[Death, Playlist] = field(default_factory=dict)
    returned: dict[Death, bool] = field(default_factory=dict)
    ended: Playlist | None = None
    recordings: list[dict] = field(default_factory=list)
    trouble: str = "it was not looked at"
    log: str = ""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """`outcomes(how)`: what came of all deaths, by way; each way of packaging is tried once."""
    return cache(lambda how: _try(tmp_path_factory.mktemp("killed"), *PACKAGED[how]))


def _try(folder, pixels, deaths) -> dict[str, Outcome]:
    site, clip, encoders = Site(folder), make_clip(folder, pixels=pixels), {}
    try:
        site.front.start()
        site.server.start()
        streams = {way: kind(site.server) for way, (kind, _) in WAYS.items()}
        encoders = {way: kind(clip, streams[way].url) for way, (_, kind) in WAYS.items()}
        found = {way: Outcome() for way in WAYS}
        try:
            for death in deaths:
                die(death, site, streams, encoders, found)
            finish(streams, encoders, found)
        except AssertionError as problem:  # what was seen until then is judged
            for outcome in found.values():
                outcome.trouble = str(problem)
        for outcome in found.values():
            outcome.log = site.server.log
        return found
    finally:
        for encoder in encoders.values():
            encoder.stop()
        site.server.stop()
        site.front.stop()


def die(death, site, streams, encoders, found) -> None:
    for way, stream in streams.items():
        found[way].before[death] = eventually(lambda stream=stream: seen(stream), PATIENT, "nothing plays")
    starts = {way: encoder.starts for way, encoder in encoders.items()}
    victims = death.victims(site)
    assert victims, death.who
    for victim in victims:
        victim.kill()
    eventually(lambda: not any(runs(each) for each in victims), PATIENT)
    death.afterwards(site)
    for way, stream in streams.items():
        before = found[way].before[death]
        found[way].after[death] = on(stream, before.last + 2, before.breaks + (way in death.felt_by))
        found[way].returned[death] = encoders[way].starts > starts[way]


def finish(streams, encoders, found) -> None:
    for encoder in encoders.values():
        encoder.stop()
    for stream in streams.values():
        eventually(lambda stream=stream: stream.is_away, PATIENT, "the encoder was not seen to leave")
        stream.do("finish")
    for way, stream in streams.items():
        found[way].ended = eventually(lambda stream=stream: p if (p := seen(stream)) and p.is_over else None, PATIENT)
        found[way].recordings = stream.recordings(seconds=PATIENT)


def on(stream, last: int, breaks: int) -> Playlist:
    """The playlist once it has come to that piece, and has so many places where an encoder came back."""

    def look() -> Playlist | None:
        shown = seen(stream)
        return shown if shown is not None and shown.last >= last and shown.breaks >= breaks else None

    return eventually(look, PATIENT, f"no piece {last} behind {breaks} breaks")


def seen(stream) -> Playlist | None:
    with suppress(httpx.HTTPError):  # the web server is starting again
        return stream.playlist()


def runs(process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("how", "death"),
    [pytest.param(how, each, id=f"{each.who}, {how}") for how, (_, deaths) in PACKAGED.items() for each in deaths],
)
def test_the_broadcast_goes_on_and_nothing_of_it_is_gone(how, death, way, outcomes):
    outcome = outcomes(how)[way]
    assert death in outcome.returned, outcome.trouble
    before, after = outcome.before[death], outcome.after[death]
    assert after.first == before.first == 1
    assert after.pieces[: len(before.pieces)] == before.pieces
    assert outcome.returned[death] is (way in death.felt_by)
    assert (after.breaks > before.breaks) is (way in death.felt_by)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("how", PACKAGED)
def test_the_recording_holds_all_that_was_to_be_seen(how, way, outcomes):
    outcome = outcomes(how)[way]
    assert outcome.recordings, outcome.trouble
    ended, (media,) = outcome.ended, outcome.recordings
    last = list(outcome.after.values())[-1]
    assert ended.pieces[: len(last.pieces)] == last.pieces
    assert float(media["duration"]) == pytest.approx(ended.seconds, abs=0.5)
    assert ended.breaks == sum(way in death.felt_by for death in outcome.after)
    assert "starting it again" in outcome.log and "Traceback" not in outcome.log
