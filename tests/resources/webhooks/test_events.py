"""What is told of media and live streams: every event of the contract that happens here, and never a secret."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from fastpix.db import now
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.live_streams import lifecycle
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.live_streams.simulcasts import domain as simulcasts
from fastpix.resources.media import domain
from fastpix.resources.media import lifecycle as media_lifecycle
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.downloads import domain as downloads
from fastpix.resources.media.options import Options
from fastpix.resources.media.playback_ids import domain as playback_ids
from fastpix.resources.media.source import domain as source
from fastpix.resources.media.tracks import domain as tracks
from fastpix.resources.media.tracks import lifecycle as tracks_lifecycle
from fastpix.resources.media.uploads import authentication
from fastpix.resources.media.uploads import domain as uploads
from fastpix.resources.webhooks import domain as webhooks
from tests import library
from tests.stories.tables import rows

SOURCE = "https://files.example/canary-source.mp4"


@pytest.fixture
def told(world, acting):
    """`told()`: the bodies of all events since, oldest first. An endpoint of acme that wants them all."""
    with acting("ada"):
        webhooks.create(world.cast.acme.workspace, "https://1.1.1.1/all", [])
    known = {row["id"] for row in rows(world, "webhook_events")}

    def bodies():
        new = [row for row in rows(world, "webhook_events") if row["id"] not in known]
        return [json.loads(row["body"]) for row in sorted(new, key=lambda row: row["created_at"])]

    return bodies


def names(bodies):
    return [body["type"].removeprefix("video.") for body in bodies]


def test_a_media_from_its_creation_to_its_end(cast, acting, told):
    with acting("ada"):
        made = creation.from_url(cast.acme.workspace, SOURCE, Options(title="A clip", mp4_support="capped_4k"))
        library.ready(made["id"])
        ready = {"capped-4k.mp4": {"status": "ready", "size": 10, "width": 1280, "height": 720}}
        downloads.finished(made["id"], ready)
        source.set_access(made["id"], True)
        playback_ids.create(made["id"], "public")
        domain.delete(made["id"])
    assert names(told()) == [
        "media.created", "media.ready", "media.mp4Support.ready", "media.updated", "media.updated",
        "media.source.ready", "media.updated", "media.deleted",
    ]  # fmt: skip
    assert {(body["object"]["type"], body["object"]["id"]) for body in told()} == {("media", str(made["id"]))}
    assert [body["status"] for body in told()][:2] == ["Created", "Ready"]


def test_a_media_that_fails(cast, acting, told):
    with acting("ada"):
        made = creation.from_url(cast.acme.workspace, SOURCE, Options())
        media_lifecycle.fail(made["id"], "files.example sent nothing.")
    assert names(told()) == ["media.created", "media.failed"]
    assert told()[1]["data"]["failure"] == "the server sent nothing."


def test_an_upload_and_its_media(cast, acting, told):
    with acting("ada"):
        made = uploads.create(cast.acme.workspace, Options(), "*", "clip.mp4")
        gone = uploads.create(cast.acme.workspace, Options(), "*", "gone.mp4")
        uploads.cancel(gone["id"])
        secret = made["url"].rpartition("=")[2]
        uploads.complete(authentication.find(made["id"], secret), 10)
    assert names(told()) == ["media.upload", "media.upload", "media.upload.cancelled", "upload.media_created"]
    assert told()[3]["object"]["id"] == str(made["id"])
    assert told()[0]["data"]["uploadId"] == str(made["id"]) and "url" not in told()[0]["data"]


def test_a_track(cast, acting, told):
    media_id = cast.acme.shelf.media
    with acting("ada"):
        made = tracks.create(media_id, "subtitle", "de", "German", url="https://files.example/canary.vtt")
        tracks.edit(media_id, made["id"], title="Untertitel")
        tracks_lifecycle.prepared(made["id"], "cafe", {})
        tracks_lifecycle.failed(made["id"], "No subtitles.")
        tracks.delete(media_id, made["id"])
    found = names(told())
    assert found[::2] == [f"media.track.{name}" for name in ("created", "updated", "ready", "failed", "deleted")]
    assert set(found[1::2]) == {"media.updated"}
    assert told()[0]["data"]["mediaId"] == str(media_id)


def test_a_broadcast(cast, acting, told):
    with acting("ada"):
        made = live_streams.create(cast.acme.workspace, StreamOptions())
        live_streams.edit(made["id"], metadata={"name": "Studio"})
        admission = connections.admit(made["stream_key"], "192.0.2.9", "an ingest", "built-in")
        segment = StoredSegment("0.m4s", 2.0, 400, now())
        broadcasts.add_segments(admission, [segment], VideoInfo("avc1.64001f", 1280, 720))
        connections.close(admission, "The encoder left.")
        lifecycle.end(lifecycle.locked(made["id"]), "It did not return.")
        live_streams.disable(made["id"])
        live_streams.enable(made["id"])
        live_streams.delete(made["id"])
    live = [name.removeprefix("live_stream.") for name in names(told()) if name.startswith("live_stream.")]
    assert live == [
        "created", "updated", "connected", "preparing", "active", "recording", "disconnected", "idle", "updated",
        "updated", "deleted",
    ]  # fmt: skip
    (recorded,) = [body for body in told() if body["type"] == "video.media.created"]
    assert recorded["data"]["streamId"] == made["id"]


def test_simulcast_targets(cast, acting, told):
    with acting("ada"):
        made = simulcasts.create(cast.acme.shelf.stream, "rtmps://live.elsewhere.example/canary", "canary-key")
        simulcasts.edit(cast.acme.shelf.stream, made["id"], is_enabled=False)
        simulcasts.delete(cast.acme.shelf.stream, made["id"])
    assert names(told()) == [f"live_stream.simulcast_target.{name}" for name in ("created", "updated", "deleted")]
    assert told()[0]["data"]["streamId"] == cast.acme.shelf.stream


def test_no_event_holds_what_lets_one_publish_or_says_where_a_file_came_from(world, cast, acting, told):
    """The canary: an admin does it all, and members could read every word."""
    with acting("ada"):
        made = creation.from_url(cast.acme.workspace, SOURCE, Options())
        domain.edit(made["id"], title="x")
        tracks.create(made["id"], "subtitle", "de", "German", url="https://files.example/canary.vtt")
        upload = uploads.create(cast.acme.workspace, Options(), "*", "clip.mp4")
        stream = live_streams.create(cast.acme.workspace, StreamOptions(access_policy="private"))
        simulcasts.create(stream["id"], "rtmps://live.elsewhere.example/canary", "canary-key")
        live_streams.edit(stream["id"], reconnect_window=300)
        reset = live_streams.reset_key(stream["id"])
    said = json.dumps(told())
    secrets = [one[name] for one in (stream, reset) for name in ("stream_key", "srt_secret", "srt_playback_secret")]
    assert len(told()) >= 8
    assert [s for s in [*secrets, "canary", "upload_id=", upload["url"], "files.example"] if s in said] == []


def test_another_workspace_and_another_organization_are_not_told(world, cast, acting, told):
    with acting("ada"):
        creation.from_url(cast.acme.workspaces["development"], SOURCE, Options())
    with acting("rex"):
        creation.from_url(cast.rival.workspace, SOURCE, Options())
    assert told() == []


def test_a_workspace_takes_its_webhooks_and_their_log_with_it(world, ada, cast):
    ada.page.post(f"/o/acme/workspaces/{cast.acme.workspace}/delete", {"name": "production"})
    for table in ("webhooks", "webhook_events", "webhook_deliveries", "webhook_attempts"):
        assert [row for row in rows(world, table) if row["organization_id"] == UUID(str(cast.acme.id))] == [], table
