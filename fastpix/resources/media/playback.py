"""What plays: for delivery by its playback id, across organizations, since a viewer belongs to none; for the dashboard's own
pages by media."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.resources.media.downloads.rules import READY
from fastpix.resources.media.models import FAILED, PROCESSING, Downloads, Media, PrivatePlaybackId, Rendition, Sprite
from fastpix.resources.media.tracks.models import AVAILABLE, Track, TrackDetails
from fastpix.resources.playback_ids.models import PlaybackId, Restrictions
from fastpix.resources.signing_keys.models import SigningKey

_FIND = (
    sa.select(
        PlaybackId.id.label("playback_id"),
        PlaybackId.access_policy.label("policy"),
        PlaybackId.restrictions,
        PlaybackId.resolution,
        Media.id.label("media_id"),
        Media.workspace_id,
        Media.organization_id,
        Media.status,
        Media.version,
        Media.generation,
        Media.renditions,
        Media.duration,
        Media.sprite,
        Media.has_poster,
        Media.downloads,
        Media.is_audio_only,
        Media.title,
    )
    .join(Media, Media.id == PlaybackId.media_id)
    .where(PlaybackId.id == sa.bindparam("playback_id"))
)
_TRACKS = (
    sa.select(Track.id, Track.type, Track.language_code, Track.language_name, Track.title, Track.version, Track.details)
    .where(Track.media_id == sa.bindparam("media_id"), Track.is_added.is_(True), Track.status == AVAILABLE)
    .order_by(Track.created_at, Track.id)
)
_KEY = sa.select(SigningKey.public_key).where(
    SigningKey.id == sa.bindparam("key_id"), SigningKey.workspace_id == sa.bindparam("workspace_id")
)

# How far back the choice of private playback ids looks; an older one is typed.
LATEST = 200
_OF_MEDIA = (
    sa.select(PlaybackId, Media)
    .join(Media, Media.id == PlaybackId.media_id)
    .where(PlaybackId.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(PlaybackId.created_at, PlaybackId.id)
)


class PlayableTrack(TypedDict):
    """An added track that is available."""

    id: UUID
    type: str
    language_code: str
    language_name: str
    title: str
    version: str
    details: TrackDetails


@dataclass(frozen=True)
class Playable:
    """A playback id with all that is needed to serve it.

    `downloads` are names of files that are ready.
    """

    playback_id: UUID
    policy: str
    restrictions: Restrictions
    max_height: int | None
    media_id: UUID
    workspace_id: UUID
    organization_id: UUID
    status: str
    version: str
    generation: str
    renditions: list[Rendition]
    duration: float | None
    sprite: Sprite | None
    has_poster: bool
    downloads: list[str]
    is_audio_only: bool
    title: str
    tracks: list[PlayableTrack]

    @property
    def folder(self) -> str:
        """The storage prefix of the media."""
        return f"{self.organization_id}/{self.workspace_id}/{self.media_id}"

    @property
    def is_growing(self) -> bool:
        """Whether its beginning plays, while the rest is still being made."""
        return self.status == PROCESSING and bool(self.version)


def find(playback_id: UUID) -> Playable | None:
    """The playable thing behind a playback id; None where there is none."""
    with tenancy.everywhere("a viewer belongs to no organization; the playback id alone says what is meant"):
        row = tenancy.rows(_FIND, {"playback_id": playback_id}).one_or_none()
        if row is None:
            return None
        tracks = [_track(*track) for track in tenancy.rows(_TRACKS, {"media_id": row.media_id})]
    return Playable(
        playback_id=row.playback_id,
        policy=row.policy,
        restrictions=row.restrictions,
        max_height=int(row.resolution.removesuffix("p")) if row.resolution else None,
        media_id=row.media_id,
        workspace_id=row.workspace_id,
        organization_id=row.organization_id,
        status=row.status,
        version=row.version,
        generation=row.generation,
        renditions=row.renditions,
        duration=row.duration,
        sprite=row.sprite,
        has_poster=row.has_poster,
        downloads=_ready(row.downloads),
        is_audio_only=row.is_audio_only,
        title=row.title,
        tracks=tracks,
    )


def signing_key_used(key_id: UUID) -> None:
    """Note that the key proved somebody's right just now."""
    used = sa.update(SigningKey).where(SigningKey.id == key_id).values(last_used_at=now())
    with tenancy.everywhere("a viewer belongs to no organization; the key that let them in is noted by its id"):
        db.session.execute(used.execution_options(synchronize_session=False))


def signing_key(key_id: UUID, workspace_id: UUID) -> str | None:
    """The public half (PEM) of a signing key of this workspace; None where there is none (any more)."""
    with tenancy.everywhere("a viewer's token names the key; whose it is, is what is asked here"):
        return db.session.scalar(_KEY, {"key_id": key_id, "workspace_id": workspace_id})


def first_of(media_ids: Iterable[UUID]) -> dict[UUID, Playable]:
    """Those of the media that have a playback id, by media id, as delivery serves the first one. One statement.

    Not a verb: what shows media calls it for those it has.
    """
    ids = list(media_ids)
    playables: dict[UUID, Playable] = {}
    if ids:
        for playback_id, media in db.session.execute(_OF_MEDIA, {"media_ids": ids}):
            playables.setdefault(media.id, _playable(playback_id, media))
    return playables


def private_ids(workspace_id: UUID) -> list[PrivatePlaybackId]:
    """Private playback ids of the workspace's latest media, newest first, but of those that failed.

    Not a verb: the page of a signing key of that workspace asks it.
    """
    latest = sa.select(Media.id).where(Media.workspace_id == workspace_id)
    latest = latest.order_by(Media.created_at.desc(), Media.id.desc()).limit(LATEST)
    rows = db.session.execute(
        sa.select(PlaybackId.id, PlaybackId.media_id, Media.title, Media.source_name)
        .join(Media, Media.id == PlaybackId.media_id)
        .where(PlaybackId.media_id.in_(latest), PlaybackId.access_policy == "private", Media.status != FAILED)
        .order_by(Media.created_at.desc(), PlaybackId.id)
    )
    return [
        {"id": row.id, "media_id": row.media_id, "name": row.title or row.source_name or str(row.media_id)}
        for row in rows
    ]


def _playable(playback_id: PlaybackId, media: Media) -> Playable:
    return Playable(
        playback_id=playback_id.id,
        policy=playback_id.access_policy,
        restrictions=playback_id.restrictions,
        max_height=None,
        media_id=media.id,
        workspace_id=media.workspace_id,
        organization_id=media.organization_id,
        status=media.status,
        version=media.version,
        generation=media.generation,
        renditions=media.renditions,
        duration=media.duration,
        sprite=media.sprite,
        has_poster=media.has_poster,
        downloads=_ready(media.downloads),
        is_audio_only=media.is_audio_only,
        title=media.title,
        tracks=[],
    )


def _track(
    track_id: UUID, type: str, language_code: str, language_name: str, title: str, version: str, details: TrackDetails
) -> PlayableTrack:
    return {
        "id": track_id,
        "type": type,
        "language_code": language_code,
        "language_name": language_name,
        "title": title,
        "version": version,
        "details": details,
    }


def _ready(downloads: Downloads) -> list[str]:
    return [name for name, file in downloads.items() if file["status"] == READY]
