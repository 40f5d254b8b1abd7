"""The media and live streams of the cast: a media that is Ready, with a playback id, subtitles and a download, an upload
that waits; a private stream with a simulcast target, one that is on air, one that is disabled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.jobs.models import Job
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.live_streams.simulcasts import domain as simulcasts
from fastpix.resources.live_streams.viewers import domain as viewers
from fastpix.resources.live_streams.viewers.models import LiveViewerSample
from fastpix.resources.media import lifecycle as media_lifecycle
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.downloads import domain as downloads
from fastpix.resources.media.models import Media
from fastpix.resources.media.options import Options
from fastpix.resources.media.tracks import domain as tracks
from fastpix.resources.media.tracks.models import AVAILABLE, FAILED, Track
from fastpix.resources.media.transcripts import domain as transcripts
from fastpix.resources.media.uploads import domain as uploads
from fastpix.resources.usage import domain as usage
from fastpix.resources.usage.models import UsageDay
from fastpix.video.cues import Cue

RENDITION = {
    "name": "720p",
    "width": 1280,
    "height": 720,
    "bandwidth": 2_900_000,
    "average_bandwidth": 2_500_000,
    "codecs": "avc1.640020,mp4a.40.2",
    "frame_rate": 30.0,
    "size": 1000,
}
SPRITE = {"tile_width": 160, "tile_height": 90, "columns": 10, "rows": 1, "interval": 1.0, "count": 10}
FACTS: dict[str, Any] = {
    "container": "mp4",
    "duration": 10.01,
    "width": 1280,
    "height": 720,
    "frame_rate": 30.0,
    "is_audio_only": False,
    "has_sound": True,
}
MADE: dict[str, Any] = {
    "renditions": [RENDITION],
    "sprite": SPRITE,
    "has_poster": True,
    "duration": 10.01,
    "size": 2000,
}


@dataclass
class Shelf:
    """The ids of what an organization has in its library. `source_url` is nothing for members."""

    media: UUID
    playback_id: UUID
    track: UUID
    upload: UUID
    failed: UUID
    failed_track: UUID
    upload_url: str
    source_url: str
    stream: str
    live_playback_id: UUID
    simulcast: str
    active_stream: str
    disabled_stream: str
    stream_secrets: dict[str, str]


def furnish(workspace_id: UUID, name: str) -> Shelf:
    """A private media as the worker leaves it, without bytes in the storage. Needs an admin in force."""
    source_url = f"https://files.example/{name}-secret-source.mp4"
    asked = Options(access_policy="private", title=f"The {name} clip", mp4_support="capped_4k")
    made = creation.from_url(workspace_id, source_url, asked)
    ready(made["id"])
    downloads.finished(made["id"], {"capped-4k.mp4": {"status": "ready", "size": 10, "width": 1280, "height": 720}})
    track = tracks.create(made["id"], "subtitle", "en", "English", url=f"https://files.example/{name}.vtt")
    db.session.execute(sa.update(Track).where(Track.id == track["id"]).values(status=AVAILABLE, version="cafe"))
    said = db.session.scalars(sa.select(Track).where(Track.id == track["id"])).one()
    transcripts.keep(said, [Cue(1.0, 3.5, "The lighthouse at dusk")])
    upload = uploads.create(workspace_id, Options(title=f"The {name} upload"), "*", f"{name}.mp4")
    db.session.execute(sa.update(Media).where(Media.id == made["id"]).values(stream_id=made["id"].hex))
    failed = creation.from_url(workspace_id, source_url, Options(title=f"The {name} failure"))["id"]
    media_lifecycle.fail(failed, "This file is not a video.", ["moov atom not found"])
    failed_track = tracks.create(failed, "subtitle", "en", "English", url=f"https://files.example/{name}.srt")
    db.session.execute(
        sa.update(Track).where(Track.id == failed_track["id"]).values(status=FAILED, failure="No words.")
    )
    db.session.execute(sa.delete(Job).where(Job.kind.startswith("media.")))
    playback_id = made["playback_ids"][0]["id"]
    _used(made["id"], workspace_id)
    live = _streams(workspace_id, name)
    ids = (made["id"], playback_id, track["id"], upload["id"], failed, failed_track["id"])
    return Shelf(*ids, upload["url"], source_url, **live)


def _streams(workspace_id: UUID, name: str) -> dict[str, Any]:
    """A private live stream with a simulcast target, one that is on air, one that is disabled."""
    url, key = f"rtmps://live.elsewhere.example/{name}-secret-app", f"{name}-secret-simulcast-key"
    told = StreamOptions(access_policy="private", metadata={"name": f"The {name} stream"})
    made = live_streams.create(workspace_id, told)
    target = simulcasts.create(made["id"], url, key)
    disabled = live_streams.create(workspace_id, StreamOptions())["id"]
    live_streams.disable(disabled)
    active = live_streams.create(workspace_id, StreamOptions(enable_recording=False))
    _on_air(active, workspace_id)
    secrets = {name: made[name] for name in ("stream_key", "srt_secret", "srt_playback_secret")}
    return {
        "stream": made["id"],
        "live_playback_id": made["playback_ids"][0]["id"],
        "simulcast": target["id"],
        "active_stream": active["id"],
        "disabled_stream": disabled,
        "stream_secrets": secrets | {"simulcast_key": key, "simulcast_url": url},
    }


def _on_air(stream: dict[str, Any], workspace_id: UUID) -> None:
    """An encoder sends it, and somebody watches. Its lease is long, so that no housekeeping ends it."""
    admission = connections.admit(stream["stream_key"], "192.0.2.1", "an ingest", "built-in")
    segment = StoredSegment("0.m4s", 2.0, 400_000, now())
    assert broadcasts.add_segments(admission, [segment], VideoInfo("avc1.64001f,mp4a.40.2", 1280, 720))
    viewers.note([(stream["id"], "somebody", workspace_id, admission.organization_id)])
    db.session.execute(sa.update(LiveConnection).values(lease_until=now() + timedelta(days=365)))
    sample = LiveViewerSample(broadcast_id=admission.broadcast_id, at=now(), viewers=1, workspace_id=workspace_id)
    db.session.add(sample)


def _used(media_id: UUID, workspace_id: UUID) -> None:
    """The media was watched a little, and the workspace was measured."""
    organization_id = tenancy.organization_id()
    usage.add([usage.Sum(media_id, workspace_id, organization_id, starts=2, pieces=3, seconds=18.0)])
    day = UsageDay(workspace_id=workspace_id, day=now().date(), stored_bytes=3000, stored_seconds=10.01, media=1)
    day.views, day.seconds = 2, 18.0
    db.session.add(day)


def ready(media_id: UUID, version: str = "0123456789ab") -> None:
    """Take a media through its statuses to Ready."""
    media_lifecycle.received(media_id, 1000, "clip.mp4")
    media_lifecycle.examined(media_id, FACTS)
    media_lifecycle.publish(media_id, version, MADE, ())
    db.session.flush()
