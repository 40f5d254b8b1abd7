"""The jobs on media with the real ffmpeg: an upload becomes Ready, nonsense becomes Failed, and no byte is left over."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastpix_python._version import __user_agent__

from fastpix.access import principal, tenancy
from fastpix.db import now
from fastpix.jobs import queue
from fastpix.jobs.models import Job
from fastpix.resources.media import jobs as media_jobs
from fastpix.resources.media import lifecycle, storage_check
from fastpix.resources.media.models import PROCESSING, Media
from fastpix.resources.media.tracks.models import Track
from fastpix.storage import instance as storage
from tests.video.clips import H264, clip, colour, tone
from tests.working import jobs, work

pytestmark = pytest.mark.sqlite


@pytest.fixture
def clip_file(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "clips-of-jobs"
    return clip(folder, "short.mp4", *colour(seconds=2), *tone(2), *H264, "-c:a", "aac", "-shortest")


def send(world, api, data, **settings):
    """Upload the bytes; the media's id."""
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public", **settings}}
    made = api.post("on-demand/upload", body).json["data"]
    path = made["url"].removeprefix("http://localhost")
    assert world.app.test_client().put(path, data=data).status_code == 200
    return made["uploadId"]


def keys(folder=""):
    return {entry.key for entry in storage.get().list(folder)}


def folder_of(world, media_id):
    with world.session() as session, tenancy.everywhere("the test looks"):
        return session.scalar(sa.select(Media).where(Media.id == uuid.UUID(media_id))).folder


def orphans(world):
    with world.session():
        return {orphan.key for orphan in storage_check.orphans(timedelta(0))}


def test_an_upload_becomes_ready_with_everything(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes(), mp4Support="audioOnly,capped_4k")
    assert work(world) == 3  # ingest, process, downloads
    told = api.get(f"on-demand/{media_id}", headers={"User-Agent": __user_agent__}).json["data"]
    assert (told["status"], told["duration"], told["sourceResolution"]) == ("Ready", "2.000", "180")
    assert [track["type"] for track in told["tracks"]] == ["video", "audio"]
    assert {track["status"] for track in told["tracks"]} == {"available"}
    assert {(d["type"], d["status"]) for d in told["mp4Support"]} == {("capped_4k", "ready"), ("audioOnly", "ready")}
    assert "percent" not in told
    names = {key.rpartition("/")[2] for key in keys(folder_of(world, media_id))}
    assert {"source", "index.m3u8", "poster.jpg", "sprite.jpg", "sprite.vtt", "capped-4k.mp4", "audio.m4a"} <= names


def test_the_statuses_come_in_the_contracts_order(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    seen = [api.get(f"on-demand/{media_id}").json["data"]["status"]]
    work(world, "media.ingest")
    seen.append(api.get(f"on-demand/{media_id}").json["data"]["status"])
    work(world, "media.process")
    seen.append(api.get(f"on-demand/{media_id}").json["data"]["status"])
    assert seen == ["Created", "In Queue", "Ready"]


def test_nonsense_fails_with_a_reason_that_a_person_understands(world, api):
    media_id = send(world, api, b"this is no video at all" * 100)
    work(world)
    told = api.get(f"on-demand/{media_id}").json["data"]
    assert told["status"] == "Failed"
    assert "not a video" in told["failure"]
    assert {job["state"] for job in jobs(world)} == {"done"}  # the worker is fine; the file is not


def test_the_operators_paths_are_not_in_a_members_reason(world, api, clip_file, monkeypatch):
    media_id = send(world, api, clip_file.read_bytes())
    work(world, "media.ingest")
    world.set(ffmpeg="/nowhere/ffmpeg")
    monkeypatch.setattr(media_jobs, "MOST_TRIES", 0)
    work(world, most=1)
    failure = api.get(f"on-demand/{media_id}").json["data"]["failure"]
    assert "The server is not set up as it must be." in failure and "/nowhere" not in failure


def test_a_failed_media_can_be_tried_again(world, api):
    media_id = send(world, api, b"this is no video at all" * 100)
    work(world)
    again = api.post(f"on-demand/{media_id}/retry")
    assert again.json["data"]["status"] == "In Queue"
    assert api.post(f"on-demand/{media_id}/retry").status_code == 400
    work(world)
    assert api.get(f"on-demand/{media_id}").json["data"]["status"] == "Failed"


def test_deleting_a_media_removes_every_byte(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    work(world)
    folder = folder_of(world, media_id)
    assert keys(folder)
    assert api.delete(f"on-demand/{media_id}").status_code == 200
    work(world)
    assert not keys(folder)
    assert not {key for key in keys() if media_id in key}


def test_a_media_deleted_while_it_waits_leaves_no_job_behind_that_fails(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    api.delete(f"on-demand/{media_id}")
    work(world)
    assert {job["state"] for job in jobs(world)} == {"done"}


def test_a_media_deleted_while_it_is_processed_leaves_no_byte(world, api, clip_file, monkeypatch):
    media_id = send(world, api, clip_file.read_bytes())
    folder = folder_of(world, media_id)
    real = media_jobs.pipeline.process

    def delete_it():
        api.delete(f"on-demand/{media_id}")
        work(world, "storage.remove")

    def process(*arguments):
        made = real(*arguments)
        elsewhere = threading.Thread(target=delete_it)  # another process, in life: nothing of this one's scope
        elsewhere.start()
        elsewhere.join()
        return made

    monkeypatch.setattr(media_jobs.pipeline, "process", process)
    work(world)
    assert not keys(folder)
    assert {job["state"] for job in jobs(world)} == {"done"}


def test_deleting_a_workspace_removes_the_bytes_of_its_media(world, api, ada, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    work(world)
    folder = folder_of(world, media_id)
    ada.page.post(f"/o/acme/workspaces/{world.cast.acme.workspace}/delete", {"name": "production"})
    work(world)
    assert not keys(folder)


def test_an_attempt_that_was_cut_off_leaves_nothing_once_the_next_one_is_through(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    work(world, "media.ingest")
    store, folder = storage.get(), folder_of(world, media_id)
    (store.work_folder(f"{media_id}-deadbeef") / "half.m4s").write_bytes(b"half")
    store.write(f"{folder}/abandoned0000/index.m3u8", b"#EXTM3U")
    work(world)
    assert not list(store.work_root.glob(f"{media_id}-*"))
    assert not {key for key in keys(folder) if "abandoned" in key}
    assert not {key for key in orphans(world) if media_id in key}


def test_a_job_whose_lease_is_lost_publishes_nothing(world, api, clip_file, monkeypatch):
    media_id = send(world, api, clip_file.read_bytes())
    work(world, "media.ingest")
    monkeypatch.setattr(queue, "_change", lambda claimed, **values: False)
    work(world, "media.process", most=1)
    monkeypatch.undo()
    assert api.get(f"on-demand/{media_id}").json["data"]["status"] == "Processing"


def test_a_worker_that_ends_puts_its_job_back_without_counting_it(world, api, clip_file):
    from fastpix import resources
    from fastpix.jobs import worker
    from fastpix.processes import programs

    media_id = send(world, api, clip_file.read_bytes())
    work(world, "media.ingest")
    stop = threading.Event()
    stop.set()
    worker.run_one(world.app, resources.TRANSCODING, "ending", scope=programs.scope, stop=stop)
    waiting = [job for job in jobs(world) if job["kind"] == "media.process"]
    assert [(job["state"], job["attempts"]) for job in waiting] == [("queued", 0)]
    work(world)
    assert api.get(f"on-demand/{media_id}").json["data"]["status"] == "Ready"


def test_a_poison_job_ends_with_its_media_failed(world, api, clip_file):
    """The worker died with it each time: the row is buried, and the media says so."""
    media_id = send(world, api, clip_file.read_bytes())
    work(world, "media.ingest")
    for _ in range(lifecycle.MOST_ATTEMPTS):
        with world.app.app_context():
            assert queue.claim("a worker that dies", ["media.process"], lease=timedelta(seconds=-1))
    with world.app.app_context():
        assert queue.claim("another one", ["media.process"]) is None
        assert queue.bury() == 1
    with world.session():
        assert media_jobs.fail_abandoned() == 1
    told = api.get(f"on-demand/{media_id}").json["data"]
    assert told["status"] == "Failed"
    assert "several times" in told["failure"]
    api.post(f"on-demand/{media_id}/retry")
    work(world)
    assert api.get(f"on-demand/{media_id}").json["data"]["status"] == "Ready"


def test_the_check_finds_what_belongs_to_nothing_and_what_is_missing(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    work(world)
    folder, store = folder_of(world, media_id), storage.get()
    assert not {key for key in orphans(world) if media_id in key}
    store.write(f"{folder}/0000/stray.m4s", b"stray")
    store.write(f"{world.cast.acme.id}/{world.cast.acme.workspace}/{uuid.uuid4()}/source", b"of nothing")
    found = orphans(world)
    assert f"{folder}/0000/stray.m4s" in found
    assert len([key for key in found if key.endswith("/source")]) >= 1
    store.delete(f"{folder}/source")
    with world.session():
        assert f"{folder}/source" in set(storage_check.missing())


def test_a_clip_is_cut_from_another_media(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    work(world)
    body = {
        "inputs": [{"type": "video", "url": f"fastpix-media://{media_id}", "startTime": 0.5, "endTime": 1.5}],
        "accessPolicy": "public",
    }
    made = api.post("on-demand", body)
    assert made.status_code == 201, made.text
    work(world)
    told = api.get(f"on-demand/{made.json['data']['id']}").json["data"]
    assert (told["status"], told["sourceMediaId"]) == ("Ready", media_id)
    assert float(told["duration"]) == pytest.approx(1.0, abs=0.15)
    listed = api.get(f"on-demand/{media_id}/media-clips").json
    assert [row["id"] for row in listed["data"]] == [told["id"]]
    assert listed["pagination"]["totalRecords"] == 1


def test_percent_is_stored_while_it_is_under_way_and_not_after(world, api, clip_file):
    media_id = send(world, api, clip_file.read_bytes())
    work(world, "media.ingest")
    with world.session(), principal.acting(principal.system("the test", world.cast.acme.id)):
        lifecycle.enter(uuid.UUID(media_id), PROCESSING, percent=0)
        lifecycle.progress(uuid.UUID(media_id), 42)
    assert api.get(f"on-demand/{media_id}").json["data"]["percent"] == 42
    work(world)
    assert "percent" not in api.get(f"on-demand/{media_id}").json["data"]


def test_subtitles_sent_as_a_file_become_available(world, api, ada, clip_file, acting):
    from fastpix.resources.media.tracks import domain as tracks

    media_id = send(world, api, clip_file.read_bytes())
    work(world)
    srt = b"1\r\n00:00:00,500 --> 00:00:01,500\r\nHello\r\n"
    with acting("ada"):
        made = tracks.create(uuid.UUID(media_id), "subtitle", "en", "English", file=srt)
        broken = tracks.create(uuid.UUID(media_id), "subtitle", "de", "German", file=b"no subtitles")
    work(world)
    told = {t["id"]: t for t in api.get(f"on-demand/{media_id}").json["data"]["tracks"]}
    assert told[str(made["id"])]["status"] == "available"
    assert told[str(broken["id"])]["status"] == "failed"
    assert told[str(broken["id"])]["failure"].startswith("There are no subtitles in this file.")
    assert "notices" not in told[str(made["id"])]
    assert not {key for key in orphans(world) if media_id in key}
    api.delete(f"on-demand/{media_id}/tracks/{made['id']}")
    work(world)
    assert not {key for key in keys(folder_of(world, media_id)) if str(made["id"]) in key}


@pytest.mark.full("a film with two tracks beside it, by the worker")
def test_what_is_added_while_a_media_is_made_waits_for_it_and_fits(world, api, clip_file, acting, tmp_path):
    """The workers of tracks are others than those of films, and would else make subtitles of no length."""
    from fastpix.resources.media.tracks import domain as tracks

    media_id = send(world, api, clip_file.read_bytes())
    voice = clip(tmp_path, "voice.mp3", *tone(1), "-c:a", "libmp3lame")
    with acting("ada"):
        texts = tracks.create(
            uuid.UUID(media_id), "subtitle", "en", "English", file=b"1\n00:00:00,500 --> 00:00:01,000\nHi\n"
        )
        sound = tracks.create(uuid.UUID(media_id), "audio", "de", "German", url="https://files.example/voice.mp3")
    storage.get().write(tracks.source_key(folder_of(world, media_id), sound["id"]), voice.read_bytes())
    with world.session() as session, tenancy.everywhere("its file is there already"):
        session.execute(sa.update(Track).where(Track.id == sound["id"]).values(url=""))
    assert work(world, "media.track") == 2
    assert status_of(api, media_id, texts, sound) == ["preparing", "preparing"]
    work(world)
    with world.session() as session:
        session.execute(sa.update(Job).where(Job.state == "queued").values(run_at=now()))
    assert work(world) >= 2
    assert status_of(api, media_id, texts, sound) == ["available", "available"]
    listed = next(key for key in keys(f"{folder_of(world, media_id)}/tracks/{texts['id']}") if key.endswith(".m3u8"))
    assert "#EXTINF:2.0" in storage.get().read_bytes(listed).decode()


def status_of(api, media_id, *tracks):
    told = {track["id"]: track["status"] for track in api.get(f"on-demand/{media_id}").json["data"]["tracks"]}
    return [told[str(track["id"])] for track in tracks]


@pytest.mark.full("a film with subtitles of it, by the worker")
def test_what_could_not_be_read_of_subtitles_is_said_at_both_doors(world, api, ada, clip_file, acting):
    from fastpix.resources.media.tracks import domain as tracks

    media_id = send(world, api, clip_file.read_bytes())
    work(world)
    backwards = "\n2\n00:00:02,000 --> 00:00:01,500\nnever\n"
    with acting("ada"):
        made = tracks.create(
            uuid.UUID(media_id),
            "subtitle",
            "de",
            "German",
            file=f"1\n00:00:00,500 --> 00:00:01,500\nGrüße\n{backwards}".encode("cp1252"),
        )
    work(world)
    told = next(t for t in api.get(f"on-demand/{media_id}").json["data"]["tracks"] if t["id"] == str(made["id"]))
    assert told["status"] == "available"
    page = ada.page.get(f"/o/acme/media/{media_id}").text
    for words in ("was read as Windows-1252", "Line 6: the subtitle ends before it begins"):
        assert words in " ".join(told["notices"])
        assert words in page
    playback_id = api.get(f"on-demand/{media_id}").json["data"]["playbackIds"][0]["id"]
    with world.app.test_client().get(f"/stream/{playback_id}/text/{made['id']}.vtt") as file:
        assert "Grüße" in file.text
        assert "never" not in file.text
