"""What is left of a broadcast: a media that plays, and no bytes that belong to nothing. With the real ffmpeg."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.live_streams import jobs as live_streams_jobs
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts import jobs as recordings
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment, StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.media import domain as media
from fastpix.storage import instance as storage
from fastpix.video import recording
from tests.cast import acting_as
from tests.resources.media.test_media_on_s3 import s3  # noqa: F401  # a fixture
from tests.video.clips import H264, clip, picture, tone
from tests.video.cutting import cut, listed
from tests.working import jobs, work

pytestmark = pytest.mark.sqlite
PICTURE = VideoInfo("avc1.64000d,mp4a.40.2", 320, 180)
ENCODER = (*H264, "-g", "60", "-c:a", "aac", "-f", "flv")


@pytest.fixture(scope="session")
def sent(tmp_path_factory):
    """Seven seconds as an encoder sent them, cut into segments: 2, 2, 2 and 1 second."""
    folder = tmp_path_factory.mktemp("sent")
    return cut(clip(folder, "sent.flv", *picture(seconds=7), *tone(7), *ENCODER), folder)


@pytest.fixture(scope="session")
def silent(tmp_path_factory):
    """Three seconds without sound."""
    folder = tmp_path_factory.mktemp("silent")
    return cut(clip(folder, "silent.flv", *picture(seconds=3), *H264, "-g", "60", "-f", "flv"), folder)


class Air:
    """A live stream of Ada's, and what ingest does with it: from the database's side, with the bytes in the storage."""

    def __init__(self, app, cast, **wanted):
        self.app, self.cast = app, cast
        with self.app.app_context(), acting_as(cast, "ada"):
            stream = live_streams.create(cast.acme.workspace, StreamOptions(metadata={"name": "Evening"}, **wanted))
            db.session.commit()
        self.id, self.key = stream["id"], stream["stream_key"]

    def connect(self):
        with self.app.app_context():
            admission = connections.admit(self.key, "192.0.2.7", "an ingest", "own")
            db.session.commit()
        return admission

    def send(self, admission, folder):
        """Store and write down all segments of `folder`."""
        store = storage.get()
        store.write(f"{admission.folder}/init.mp4", (folder / "init.mp4").read_bytes())
        told = []
        for path, seconds in zip(sorted(folder.glob("s*.m4s")), listed(folder), strict=True):
            size = store.write(f"{admission.folder}/{path.name}", path.read_bytes())
            told.append(StoredSegment(path.name, seconds, size, now()))
        with self.app.app_context():
            assert broadcasts.add_segments(admission, told, PICTURE)
            db.session.commit()

    def leave(self, admission):
        with self.app.app_context():
            connections.close(admission, "The encoder left.")
            db.session.commit()

    def broadcast(self, *folders):
        """One broadcast, with a connection for each folder, ended by Ada. The id of its media, if it has one."""
        for number, folder in enumerate(folders, start=1):
            admission = self.connect()
            self.send(admission, folder)
            if number < len(folders):
                self.leave(admission)
        with self.app.app_context(), acting_as(self.cast, "ada"):
            live_streams.finish(self.id)
            db.session.commit()
        self.leave(admission)
        return self.row().media_id

    def row(self):
        """The latest broadcast."""
        with self.app.app_context(), tenancy.everywhere("the test looks"):
            rows = sa.select(LiveBroadcast).where(LiveBroadcast.stream_id == self.id)
            return db.session.scalars(rows.order_by(LiveBroadcast.started_at.desc())).first()

    def segments(self):
        with self.app.app_context(), tenancy.everywhere("the test looks"):
            mine = LiveSegment.broadcast_id == self.row().id
            return db.session.scalar(sa.select(sa.func.count()).select_from(LiveSegment).where(mine))

    def stored(self):
        """The keys of all its bytes."""
        return {entry.key for entry in storage.get().list(self.row().folder)}

    def change(self, model, where, **values):
        with self.app.app_context(), tenancy.everywhere("the test arranges"):
            db.session.execute(sa.update(model).where(where).values(**values))
            db.session.commit()

    def look_after(self, *tasks):
        for task in tasks or (live_streams_jobs.sweep, live_streams_jobs.tidy):
            with self.app.app_context():
                task()
                db.session.commit()


@pytest.fixture
def air(world):
    return Air(world.app, world.cast)


def texts(world, media_id):
    with world.session(), acting_as(world.cast, "ada"):
        return [line["text"] for line in media.log(media_id)]


def told(api, media_id):
    return api.get(f"on-demand/{media_id}").json["data"]


def work_left():
    return [folder.name for folder in storage.get().work_root.iterdir() if folder.name != "images"]


def test_a_broadcast_becomes_a_media_that_is_ready(world, air, api, sent):
    media_id = air.broadcast(sent, sent)
    assert work(world, "media.ingest") == 1
    first = told(api, media_id)
    assert (first["status"], first["streamId"]) == ("In Queue", air.id)
    work(world)
    ready = told(api, media_id)
    assert ready["status"] == "Ready"
    assert float(ready["duration"]) == pytest.approx(2 * sum(listed(sent)), abs=0.5)
    assert [track["type"] for track in ready["tracks"]] == ["video", "audio"]
    with world.session(), acting_as(world.cast, "ada"):
        assert live_streams.get(air.id)["media_ids"] == [media_id]
        made = media.get(media_id)
        assert [rendition["name"] for rendition in made["renditions"]] == ["source"], "nothing was encoded"
    assert not [text for text in texts(world, media_id) if "encoded" in text or "missing" in text]
    assert not work_left()


def test_it_says_where_it_came_from(world, air, ada, mel, api, sent):
    media_id = air.broadcast(sent)
    work(world)
    for person in (ada, mel):
        page = person.page.get(f"/o/acme/media/{media_id}").text
        assert "Recorded from a live stream" in page
        assert f'href="/o/acme/live/{air.id}">Evening</a>' in page
    api.patch(f"on-demand/{media_id}/source-access", {"sourceAccess": True})
    source = ada.api_with("admin").get(f"on-demand/{media_id}/input-info").json["data"]
    address = source["url"] if "url" in source else source["configuration"]["url"]
    fetched = world.app.test_client().get(address.removeprefix("http://localhost"), buffered=True)
    assert (fetched.status_code, fetched.data[4:8]) == (200, b"ftyp")
    with world.session(), acting_as(world.cast, "ada"):
        live_streams.delete(air.id)
    page = ada.page.get(f"/o/acme/media/{media_id}").text
    assert "Recorded from a live stream" in page
    assert air.id not in page


def test_silence_is_put_where_the_encoder_sent_no_sound(world, air, api, sent, silent):
    media_id = air.broadcast(sent, silent)
    work(world)
    ready = told(api, media_id)
    assert ready["status"] == "Ready"
    assert float(ready["duration"]) == pytest.approx(sum(listed(sent)) + sum(listed(silent)), abs=0.5)
    assert recordings.ANEW in texts(world, media_id)


def test_missing_segments_cost_their_seconds_and_no_more(world, air, api, sent):
    media_id = air.broadcast(sent, sent)
    names = sorted(key for key in air.stored() if key.endswith("s00001.m4s"))
    storage.get().delete(names[0])
    torn = names[1]
    storage.get().write(torn, storage.get().read_bytes(torn)[:-500])
    storage.get().delete(names[1].replace("s00001", "s00003"))
    work(world)
    ready = told(api, media_id)
    assert ready["status"] == "Ready"
    assert float(ready["duration"]) == pytest.approx(14 - 2 - 2 - 1, abs=0.5)
    said = texts(world, media_id)
    assert "2 pieces of the recording are missing." in said
    assert "1 piece of the recording is damaged and left out." in said


def test_of_nothing_there_is_no_recording_and_the_media_says_so(world, air, api, sent):
    media_id = air.broadcast(sent)
    storage.get().delete_folder(air.row().folder)
    work(world)
    failed = told(api, media_id)
    assert failed["status"] == "Failed"
    assert "Nothing of this broadcast that could be read" in failed["failure"]
    assert not work_left()


def test_after_a_failure_it_can_be_tried_again(world, air, api, sent, monkeypatch):
    media_id = air.broadcast(sent)

    def fail(*_arguments, **_options):
        raise recording.Failed("The disk was full.")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "assemble", fail)
        work(world)
    assert (told(api, media_id)["status"], told(api, media_id)["failure"]) == ("Failed", "The disk was full.")
    air.change(LiveBroadcast, LiveBroadcast.stream_id == air.id, settled_at=now() - timedelta(days=2))
    air.look_after()
    work(world)
    assert air.segments() == 4, "the only copy there is"
    assert api.post(f"on-demand/{media_id}/retry").status_code == 200
    work(world)
    assert told(api, media_id)["status"] == "Ready"
    assert not work_left()


def test_what_an_attempt_that_was_cut_off_left_is_removed_by_the_next(world, air, sent):
    media_id = air.broadcast(sent)
    (storage.get().work_folder(f"{media_id}-deadbeef") / "p00000.mp4").write_bytes(b"half")
    work(world, "media.ingest")
    assert not work_left()


def test_a_media_deleted_meanwhile_leaves_no_byte(world, air, api, sent, monkeypatch):
    media_id = air.broadcast(sent)
    folder = f"{world.cast.acme.id}/{world.cast.acme.workspace}/{media_id}"
    real = recordings.recording.assemble

    def assemble(*arguments, **options):
        made = real(*arguments, **options)
        with sqlite3.connect(world.engine.url.database) as other:  # another process, in life
            other.execute("DELETE FROM media WHERE id = ?", (media_id.hex,))
        return made

    monkeypatch.setattr(recordings.recording, "assemble", assemble)
    work(world)
    assert not list(storage.get().list(folder))
    assert {job["state"] for job in jobs(world)} == {"done"}
