"""Tracks whose job gave up, or whose media failed: they are failed with a sentence, and can be tried again."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import transaction
from fastpix.jobs.models import FAILED, QUEUED, Job
from fastpix.resources.media import lifecycle
from fastpix.resources.media.tracks import jobs as tracks_jobs
from tests.resources.media.test_captions import ENGLISH, MODEL, ask, made
from tests.stories.tables import change, rows
from tests.working import jobs


@pytest.fixture
def track(world, api, shelf):
    """Subtitles that were just added, and wait for their job."""
    body = {
        "tracks": {
            "url": "https://files.example/fr.vtt",
            "type": "subtitle",
            "languageCode": "fr",
            "languageName": "French",
        }
    }
    return uuid.UUID(api.post(f"on-demand/{shelf.media}/tracks", body).json["data"]["id"])


def give_up(world, kind):
    """As the queue leaves a job that was tried for the last time. Its id."""
    with world.session() as session:
        job_id = session.scalar(sa.update(Job).where(Job.kind == kind).values(state=FAILED).returning(Job.id))
        session.commit()
    return job_id


def sweep(world):
    with world.app.app_context(), transaction():
        return tracks_jobs.fail_abandoned()


def one(world, track_id):
    (row,) = rows(world, "tracks", id=track_id)
    return row


def test_a_track_whose_job_gave_up_is_failed_and_can_be_tried_again(world, ada, api, shelf, track):
    assert sweep(world) == 0 and one(world, track)["status"] == "preparing"
    give_up(world, "media.track")
    assert sweep(world) == 1
    row = one(world, track)
    assert row["status"] == "failed" and "Try again" in row["failure"]
    told = api.get(f"on-demand/{shelf.media}").json["data"]["tracks"]
    assert [each["failure"] for each in told if each["id"] == str(track)] == [row["failure"]]
    to = f"/o/acme/media/{shelf.media}/tracks/{track}/retry"
    assert to in ada.page.get(f"/o/acme/media/{shelf.media}").text
    assert ada.page.post(to, {}).status_code == 303
    assert one(world, track)["status"] == "preparing"
    assert [job["state"] for job in jobs(world) if job["kind"] == "media.track"] == [QUEUED]
    assert sweep(world) == 0, "the former job failed the track again"
    assert ada.page.post(to, {}).status_code == 400  # it is prepared already


def test_captions_are_listened_to_again_of_the_same_sound(world, ada, api, shelf):
    world.set(captions_model=MODEL)
    (sound,) = (row["id"] for row in rows(world, "tracks", media_id=shelf.media) if row["type"] == "audio")
    assert ask(api, shelf.media, sound).status_code == 200
    (track,) = made(world, shelf.media)
    other = str(uuid.uuid4())
    with world.session() as session:
        job = session.scalars(sa.select(Job).where(Job.kind == "media.captions")).one()
        job.args = {**job.args, "sound_id": other}
        session.commit()
    give_up(world, "media.captions")
    assert sweep(world) == 1 and made(world, shelf.media)[0]["status"] == "failed"
    assert ada.page.post(f"/o/acme/media/{shelf.media}/tracks/{track['id']}/retry", {}).status_code == 303
    with world.session() as session:
        (job,) = session.scalars(sa.select(Job).where(Job.kind == "media.captions"))
        assert job.state == QUEUED and job.args["sound_id"] == other


def test_members_try_nothing_again(world, mel, shelf, track):
    change(world, "tracks", {"id": track}, status="failed", failure="It did not work.")
    page = mel.page.get(f"/o/acme/media/{shelf.media}").text
    assert "It did not work." in page and "/retry" not in page
    assert mel.page.post(f"/o/acme/media/{shelf.media}/tracks/{track}/retry", {}).status_code == 403
    assert one(world, track)["status"] == "failed"


def test_captions_that_wait_for_a_media_fail_and_wait_again_with_it(world, api, acting):
    world.set(captions_model=MODEL)
    body = {"inputs": [{"type": "video", "url": "https://files.example/a.mp4"}], "accessPolicy": "public"}
    media_id = uuid.UUID(api.post("on-demand", body | {"subtitles": ENGLISH}).json["data"]["id"])
    assert made(world, media_id)[0]["status"] == "preparing"
    with acting("ada"), tenancy.every_workspace("the test has the media of the cast fail"):
        lifecycle.fail(media_id, "This file is not a video.")
    (track,) = made(world, media_id)
    assert (track["status"], track["failure"]) == (
        "failed",
        "Processing of the media failed, so there is nothing to listen to.",
    )
    assert api.post(f"on-demand/{media_id}/retry").status_code == 200
    assert made(world, media_id)[0]["status"] == "preparing"
