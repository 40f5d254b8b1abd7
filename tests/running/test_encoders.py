"""Real encoders by every way in, all at once: what is recorded is what they sent, and who is refused is told why.

What is expected of each stands in `encoder_table.ROWS`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from tests import nginx
from tests.nginx import Nginx
from tests.running.encoder_table import MISSING, NGINX, OWN, ROWS, RTMPS, SECONDS, SRT, Row
from tests.running.frames import parts
from tests.running.server import Server, eventually, free_port
from tests.running.stream import Playlist, Stream
from tests.running.tls_front import TlsFront
from tests.video.clips import clip
from tests.video.flashes import GRANTED, own_times, picture, sound
from tests.video.odd_films import AAC, B_FRAMES

pytestmark = [
    pytest.mark.full("twenty encoders send in real time, and what they sent is recorded and processed"),
    pytest.mark.skipif(nginx.is_missing, reason=nginx.MISSING),
    pytest.mark.skipif(bool(MISSING), reason=f"needs {MISSING}, which .ci/run installs"),
]
EVEN = ("-g", "60", "-sc_threshold", "0")  # a keyframe every 2.4 seconds and nowhere else, in no flash or beep
PATIENT = 240  # seconds: a deadline, not a pause


@dataclass
class Sent:
    """What came of a row: the program's exit code and words, the stream's log, and its recording as viewers get it."""

    code: int
    said: str
    log: str
    recordings: list[dict] = field(default_factory=list)
    film: bytes = field(default=b"", repr=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders")
    made = Server(folder, live_streams="60")
    front, callbacks = free_port(), free_port()
    made.settings |= {"live_callbacks": f"127.0.0.1:{callbacks}", "live_relay_url": f"rtmp://127.0.0.1:{front}/live"}
    made.cast = made.seed()
    relay = Nginx(folder / "front", front, main=nginx.rtmp(front, callbacks))
    tls = TlsFront(folder / "tls", made.live_port)
    try:
        relay.start()
        made.start()
        tls.start()
        made.fronts = {
            OWN: f"rtmp://127.0.0.1:{made.live_port}/live",
            NGINX: f"rtmp://127.0.0.1:{front}/live",
            RTMPS: f"rtmps://127.0.0.1:{tls.port}/live",
        }
        yield made
    finally:
        tls.stop()
        made.stop()
        relay.stop()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    return clip(folder, "film.flv", *picture(), *sound(), *B_FRAMES, *EVEN, *AAC)


@pytest.fixture(scope="module")
def outcomes(server, film):
    """All rows of the table: they send at once."""
    return send(ROWS, server, film)


@pytest.fixture
def sent(row, outcomes, server, film):
    """What came of the row. At a second try it is sent once more, alone."""
    return outcomes.pop(row, None) or send((row,), server, film)[row]


def send(rows: Sequence[Row], server: Server, film: Path) -> dict[Row, Sent]:
    streams = {row: Stream(server) for row in rows}
    running: dict[Row, subprocess.Popen[str]] = {}
    found = {}
    try:
        for row, stream in streams.items():
            running[row] = start(row.command(film, address(row, stream)))
            # One by one: callers of SRT wait only three seconds for an answer, and here all share two cores.
            eventually(lambda s=stream, p=running[row]: len(log_of(s)) > 1 or p.poll() is not None, 60, row.name)
        for row, process in running.items():
            said, _ = process.communicate(timeout=PATIENT)
            found[row] = Sent(process.returncode, said, "")
    finally:
        for process in running.values():
            process.kill()
    for row, stream in streams.items():
        if not row.refusal:
            eventually(lambda stream=stream: stream.is_away, 60, f"{row.name} was not seen to leave: {found[row]}")
            stream.do("finish")
    for row, stream in streams.items():
        found[row].recordings = [] if row.refusal else stream.recordings(seconds=PATIENT)
        found[row].film = b"".join(recorded(server, each) for each in found[row].recordings)
        found[row].log = " ".join(log_of(stream))
    return found


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, errors="replace")


def address(row: Row, stream: Stream) -> str:
    if row.way == SRT:
        secret = row.secret or stream.told()["srtSecret"]
        return f"srt://127.0.0.1:{stream.server.srt_port}?streamid={stream.key}&passphrase={secret}"
    return f"{stream.server.fronts[row.way]}/{stream.key}"


def log_of(stream) -> list[str]:
    return [row[0] for row in stream.rows("SELECT text FROM live_log WHERE stream_id = ? ORDER BY at")]


def recorded(server, media) -> bytes:
    """The largest rendition of a recording, as one file."""
    master = f"{server.url}/stream/{media['playbackIds'][0]['id']}.m3u8"
    url = urljoin(master, httpx.get(master, timeout=30).text.splitlines()[-1])
    (film,) = parts(Playlist(httpx.get(url, timeout=30).text, url))
    return film


@pytest.mark.parametrize("row", [row for row in ROWS if not row.refusal], ids=lambda row: row.name)
def test_what_is_recorded_is_what_was_sent_and_in_step(row, sent, tmp_path):
    assert sent.code == 0, sent.said
    (media,) = sent.recordings
    assert float(media["duration"]) == pytest.approx(SECONDS, abs=0.1), sent.log
    (file := tmp_path / "film.mp4").write_bytes(sent.film)
    flashes, beeps = own_times(file)
    assert [len(flashes), len(beeps)] == [len(row.seen), len(row.heard)], (flashes, beeps)
    begin = min((*flashes, *beeps)) - min((*row.seen, *row.heard))
    for found, meant in ((flashes, row.seen), (beeps, row.heard)):
        assert [at - begin for at in found] == pytest.approx(meant, abs=0.1)
    flash_at = dict(zip(row.seen, flashes, strict=True))
    apart = [beep - flash_at[at] for at, beep in zip(row.heard, beeps, strict=True) if at in flash_at]
    assert all(abs(late) <= GRANTED for late in apart), apart


@pytest.mark.parametrize("row", [row for row in ROWS if row.refusal], ids=lambda row: row.name)
def test_who_is_refused_is_told_why_or_it_stands_in_the_log(row, sent):
    assert row.refusal in sent.log, sent.said
    if row.way == OWN:
        assert sent.code != 0 and row.refusal in sent.said
