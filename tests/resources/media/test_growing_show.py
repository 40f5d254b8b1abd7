"""What is stored of a media that is still being made, in which order, and what becomes of it; with files made by hand."""

from __future__ import annotations

import threading
import uuid

import pytest

from fastpix.access import principal
from fastpix.db import db
from fastpix.jobs import queue
from fastpix.resources.media import growing, lifecycle
from fastpix.storage import instance as storage
from fastpix.storage.local import LocalStorage
from fastpix.video.datatypes import Rendition
from fastpix.video.growing import GrownRung
from fastpix.video.package import Segment
from tests.resources.media.test_media_jobs import keys, send
from tests.running.server import eventually

pytestmark = pytest.mark.sqlite
VERSION = "0123456789ab"


@pytest.fixture
def work(world, api):
    """A media that is being processed; the test acts as its worker."""
    media_id = uuid.UUID(send(world, api, b"a film"))
    with world.session(), principal.acting(principal.system("worker", world.cast.acme.id)):
        lifecycle.enter(media_id, lifecycle.PROCESSING)
        db.session.commit()
        yield lifecycle.look(media_id)


@pytest.fixture
def rungs(tmp_path):
    """`rungs(2)`: two rungs as `video.growing` hands them over, with so many segments."""

    def made(count):
        return [rung(tmp_path / name, name, count) for name in ("720p", "360p")]

    return made


def rung(folder, name, count):
    """A rung whose files are in the folder, each with bytes of its own."""
    folder.mkdir(exist_ok=True)
    paths = [folder / "init.mp4", *(folder / f"s{number:05}.m4s" for number in range(count))]
    for path in paths:
        path.write_bytes(f"{name} {path.name}".encode())
    rendition = Rendition(name, 1280, 720, 3000, 2000, "avc1.64001f", 30.0, 0)
    return GrownRung(rendition, paths[0], tuple(Segment(path, 6.0, path.stat().st_size) for path in paths[1:]))


def row(work):
    db.session.rollback()
    media = lifecycle.load(work.id)
    return media.version, [each["name"] for each in media.renditions]


def playlists(work):
    return {key for key in keys(work.folder) if key.endswith("growing.m3u8")}


def begun(show, rungs, work):
    """Hand over as the encode does, again and again, until it plays."""

    def look():
        show.take(rungs)
        return row(work)[0]

    return eventually(look, 10)


def test_it_plays_once_each_rung_has_its_playlist(work, rungs, monkeypatch):
    """The storage takes its time with the larger rung: until it has it, nobody is told."""
    real, goes_on = LocalStorage.add_file, threading.Event()

    def add_file(self, path, key):
        if "720p" in key:
            assert goes_on.wait(10)
        return real(self, path, key)

    monkeypatch.setattr(LocalStorage, "add_file", add_file)
    with growing.shown(work, VERSION) as show:
        show.take(rungs(1))
        eventually(lambda: len(playlists(work)) == 1, 10)
        show.take(rungs(1))
        assert row(work) == ("", [])
        goes_on.set()
        assert begun(show, rungs(1), work) == VERSION
        assert row(work) == (VERSION, ["720p", "360p"])


def test_a_playlist_names_nothing_that_is_not_stored(work, rungs, monkeypatch):
    """Whatever a viewer reads at any moment is there; of the smallest rung first."""
    real, added = LocalStorage.write, []

    def write(self, key, pieces):
        if key.endswith(".m3u8"):
            folder = key.rpartition("/")[0]
            named = [line for line in pieces.decode().splitlines() if line.endswith(".m4s")]
            assert {f"{folder}/{name}" for name in [*named, "init.mp4"]} <= keys(folder)
            added.append(folder.rpartition("/")[2])
        return real(self, key, pieces)

    monkeypatch.setattr(LocalStorage, "write", write)
    with growing.shown(work, VERSION) as show:
        begun(show, rungs(2), work)
        show.take(rungs(3))
        eventually(lambda: added == ["360p", "720p"] * 2, 10)


def test_what_is_stored_already_is_not_stored_again_in_the_end(work, rungs, tmp_path):
    with growing.shown(work, VERSION) as show:
        made = rungs(1)
        begun(show, made, work)
        rungs(2)
        show.leave_rest()
        left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("s*.m4s")}
        assert left == {"360p/s00001.m4s", "720p/s00001.m4s"}
        show.settle()
        assert not playlists(work)
    assert row(work)[0] == VERSION


def test_an_attempt_that_breaks_off_leaves_nothing_that_plays(work, rungs):
    with pytest.raises(queue.Interrupted), growing.shown(work, VERSION) as show:
        begun(show, rungs(1), work)
        raise queue.Interrupted
    assert row(work) == ("", [])
    assert not {key for key in keys(work.folder) if VERSION in key}


def test_an_attempt_that_breaks_off_takes_away_nothing_of_another_one(work, rungs):
    """It was stopped for a while, and lost its lease to a worker that has begun anew since."""
    with pytest.raises(queue.Interrupted), growing.shown(work, VERSION) as show:
        begun(show, rungs(1), work)
        lifecycle.enter(work.id, lifecycle.PROCESSING)
        lifecycle.plays(work.id, "fedcba987654", [])
        db.session.commit()
        raise queue.Interrupted
    assert row(work)[0] == "fedcba987654"
    assert not {key for key in keys(work.folder) if VERSION in key}


def test_an_attempt_that_lost_its_lease_shows_nothing(work, rungs, monkeypatch):
    monkeypatch.setattr(queue, "is_ours", lambda: False)
    with growing.shown(work, VERSION) as show:
        show.take(rungs(1))
        eventually(lambda: len(playlists(work)) == 2, 10)
        eventually(lambda: show.take(rungs(1)) or show._has_begun, 10)
        assert row(work) == ("", [])


def test_a_storage_that_fails_meanwhile_leaves_all_to_the_end(work, rungs, monkeypatch, tmp_path):
    def fails(self, path, key):
        raise OSError("the bucket does not answer")

    monkeypatch.setattr(LocalStorage, "add_file", fails)
    before = threading.active_count()
    with growing.shown(work, VERSION) as show:
        show.take(rungs(2))
        eventually(lambda: threading.active_count() == before, 10)
        show.take(rungs(3))
        show.leave_rest()
        storage.get().add_folder(tmp_path / "360p", f"{show.prefix}/360p")
        show.settle()
    assert row(work) == ("", [])
    assert len({key for key in keys(work.folder) if key.endswith(".m4s")}) == 3
