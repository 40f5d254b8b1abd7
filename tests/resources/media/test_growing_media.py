"""A media plays while it is still being made: from which moment on, what of it, and what becomes of that when it breaks off."""

from __future__ import annotations

import os
import re
import signal
import threading
from contextlib import contextmanager

import psutil
import pytest

from fastpix import resources
from fastpix.db import set_reading
from fastpix.delivery import growing_playlist, ttl_cache
from fastpix.jobs import worker
from fastpix.processes import programs
from tests.resources.media.test_media_called_off import encoders
from tests.resources.media.test_media_jobs import folder_of, keys, send
from tests.running.server import eventually
from tests.video.clips import clip, picture
from tests.working import jobs, work

pytestmark = [pytest.mark.sqlite, pytest.mark.full("films long enough to be looked at while they are encoded")]
SEGMENT = re.compile(r"#EXTINF:([0-9.]+),\n(\S+)")
DONE = {"Ready", "Failed"}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """`films(60)`: so many seconds that no browser plays as they are, quickly made."""
    folder = tmp_path_factory.mktemp("films")
    part = clip(folder, "part.avi", *picture("854x480", 5, seconds=5), "-c:v", "mpeg4", "-g", "10")
    return lambda seconds: clip(
        folder, f"{seconds}.avi", "-stream_loop", str(seconds // 5 - 1), "-i", str(part), "-c", "copy"
    ).read_bytes()


@pytest.fixture(autouse=True)
def no_memory(monkeypatch):
    """The caches of delivery forget at once: what is asked here is what the worker did meanwhile."""
    moment = iter(range(1 << 30))
    monkeypatch.setattr(ttl_cache, "clock", lambda: float(next(moment) * 100))
    assert growing_playlist.SECONDS < 100


class Growth:
    """A media that is encoded by a worker in a thread of this process, and what its viewers get."""

    def __init__(self, world, api, film, **settings):
        self.world, self.api = world, api
        self.id = send(world, api, film, **settings)
        work(world, "media.ingest")
        self.playback_id = self.told()["playbackIds"][0]["id"]
        self.folder = folder_of(world, self.id)
        self._viewer = world.app.test_client(use_cookies=False)
        self.stop = threading.Event()

    @contextmanager
    def encoding(self):
        """Inside, a worker encodes; it is through when this is left."""

        def lane():
            set_reading(False)
            worker.run_one(self.world.app, resources.TRANSCODING, "a lane", scope=programs.scope, stop=self.stop)

        busy = threading.Thread(target=lane)
        busy.start()
        try:
            yield busy
        finally:
            busy.join(120)
            assert not busy.is_alive()

    def told(self):
        return self.api.get(f"on-demand/{self.id}").json["data"]

    def get(self, path, **query):
        return self._viewer.get(path, query_string=query, buffered=True)

    def master(self, **query):
        """The addresses of the rungs; nothing where the master is refused."""
        answer = self.get(f"/stream/{self.playback_id}.m3u8", **query)
        return [line for line in answer.text.splitlines() if line.startswith("m/")] if answer.status_code == 200 else []

    def plays(self):
        """Waits until it plays, and answers the addresses of the rungs."""
        assert self.told()["status"] not in DONE
        return eventually(self.master, 30)

    def segments(self, rung):
        return SEGMENT.findall(self.get(f"/stream/{rung}").text)


@pytest.fixture
def growth(world, api, films):
    return lambda seconds, **settings: Growth(world, api, films(seconds), **settings)


def test_it_plays_while_it_is_made_and_what_was_told_stays(growth):
    film = growth(60)
    with film.encoding():
        rungs = film.plays()
        assert [rung.split("/")[-2] for rung in rungs] == ["360p", "480p"]
        assert film.told()["status"] == "Processing"
        first = {rung: film.segments(rung) for rung in rungs}
        assert all(first.values())
        answer = film.get(f"/stream/{rungs[0]}")
        assert "#EXT-X-ENDLIST" not in answer.text
        assert answer.headers["Cache-Control"] == "public, max-age=1"
        early = film.get(f"/stream/{rungs[0].rpartition('/')[0]}/s00000.m4s")
        assert "immutable" in early.headers["Cache-Control"]
        eventually(lambda: len(film.segments(rungs[0])) > len(first[rungs[0]]), 30)
        assert film.get(f"/stream/{film.playback_id}/capped-4k.mp4").status_code == 400
        assert film.get(f"/images/{film.playback_id}/thumbnail.jpg").status_code == 400
        assert film.told()["status"] == "Processing", "the film is too short to be looked at"
    assert film.told()["status"] == "Ready"
    assert film.master() == rungs, "the addresses that players hold end with the encode"
    for rung in rungs:
        assert film.segments(rung)[: len(first[rung])] == first[rung]
        assert film.get(f"/stream/{rung}").text.endswith("#EXT-X-ENDLIST\n")
    assert film.get(f"/stream/{rungs[0].rpartition('/')[0]}/s00000.m4s").data == early.data
    stored = keys(film.folder)
    assert not {key for key in stored if key.endswith("growing.m3u8")}
    assert len({key for key in stored if key.endswith(".m4s")}) == sum(len(film.segments(rung)) for rung in rungs)


def test_a_media_that_is_deleted_meanwhile_plays_no_more_and_leaves_no_byte(growth, world):
    film = growth(1800)
    with film.encoding():
        (rung, *_) = film.plays()
        assert film.api.delete(f"on-demand/{film.id}").status_code == 200
    work(world)
    assert film.get(f"/stream/{rung}").status_code == 404
    assert not keys(film.folder)
    assert {job["state"] for job in jobs(world)} == {"done"}


def test_a_worker_that_ends_takes_away_what_played_and_the_next_one_begins_anew(growth):
    film = growth(1800)
    with film.encoding():
        (rung, *_) = film.plays()
        film.stop.set()
    assert film.told()["status"] == "Processing"
    assert film.get(f"/stream/{rung}").status_code == 400
    assert not {key for key in keys(film.folder) if key.endswith((".m4s", ".m3u8"))}
    film.stop.clear()
    with film.encoding():
        (again, *_) = film.plays()
        assert again != rung
        assert film.get(f"/stream/{rung}").status_code == 404
        assert film.get(f"/stream/{rung.rpartition('/')[0]}/s00000.m4s").status_code == 404
        film.stop.set()


def test_an_encode_that_fails_takes_away_what_played_and_says_so(growth, world):
    film = growth(1800)
    with film.encoding():
        (rung, *_) = film.plays()
        for encoder in encoders():
            os.kill(encoder.pid, signal.SIGKILL)
    assert film.told()["status"] == "Failed"
    refused = film.get(f"/stream/{rung}")
    assert refused.status_code == 400
    assert "processing failed" in refused.json["error"]["message"]
    work(world)
    assert {key.rpartition("/")[2] for key in keys(film.folder)} == {"source"}


def test_private_media_is_private_while_it_grows(growth, cinema_token):
    film = growth(1800, accessPolicy="private")
    with film.encoding():
        rung = eventually(lambda: next(iter(film.master(token=cinema_token(film))), None), 30)
        assert film.get(f"/stream/{film.playback_id}.m3u8").status_code == 401
        answer = film.get(f"/stream/{rung}")
        assert answer.headers["Cache-Control"] == "private, max-age=1"
        assert film.told()["status"] == "Processing", "the film is too short to be looked at"
        as_public = "/".join(["m", "0", "-", "-", *rung.split("/")[4:]])
        assert film.get(f"/stream/{as_public}").status_code == 401
        film.stop.set()


@pytest.fixture
def cinema_token(world):
    from tests.delivery.screening import Cinema, token

    key = Cinema(world).key()
    return lambda film: token(film, key)


def test_no_ffmpeg_is_left():
    assert not [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()]
