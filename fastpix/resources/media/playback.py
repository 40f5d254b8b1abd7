"""What delivery asks about media: found by its playback id, across organizations, since a viewer belongs to none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from fastpix import links, seal
from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.resources.media.models import AVAILABLE, Media, PlaybackId, Track
from fastpix.resources.signing_keys.models import SigningKey

PURPOSE = "stream"
# The key id of addresses that the dashboard makes for its own pages; no signing key has such a name.
PREVIEW, PREVIEW_SECONDS = "preview", 4 * 3600
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


@dataclass(frozen=True)
class Playable:
    """A playback id with all that is needed to serve it. Contract in `resources.media.models`.

    `renditions` have the fields of `video.facts.Rendition`, `sprite` those of `Sprite`; `tracks` are the added ones
    that are available (id, type, language_code, language_name, title, version, details); `downloads` are file names.
    """

    playback_id: UUID
    policy: str
    restrictions: dict[str, Any]
    max_height: int | None
    media_id: UUID
    workspace_id: UUID
    organization_id: UUID
    status: str
    version: str
    generation: str
    renditions: list[dict[str, Any]]
    duration: float | None
    sprite: dict[str, Any] | None
    has_poster: bool
    downloads: list[str]
    is_audio_only: bool
    title: str
    tracks: list[dict[str, Any]]

    @property
    def folder(self) -> str:
        """The storage prefix of the media."""
        return f"{self.organization_id}/{self.workspace_id}/{self.media_id}"


class Signable(Protocol):
    """What addresses can be signed for: media and live streams alike. Another `generation` kills those that are out."""

    @property
    def playback_id(self) -> UUID: ...

    @property
    def generation(self) -> str: ...


def preview_prefix(playable: Signable) -> str:
    """Where the dashboard's pages find all of a media for three to four hours: add `/master.m3u8`,
    `/<version>/poster.jpg` or `/<version>/sprite.vtt`. Restrictions to sites and programs do not count there; what is
    private needs a session of somebody who may see it, besides (`delivery.admission`)."""
    # Whole hours: within one, the address stays the same and the browser's cache works.
    expires = (int(time.time()) + PREVIEW_SECONDS) // 3600 * 3600
    return links.stream(signed(playable, expires, PREVIEW))


def signed(playable: Signable, expires: int, key_id: str) -> str:
    """The prefix of all addresses of a private media, good until `expires` (seconds of the epoch); see `delivery.links`."""
    signature = seal.sign(PURPOSE, playable.playback_id, playable.generation, expires, key_id)
    return f"m/{expires}/{key_id}/{signature}/{playable.playback_id}"


def find(playback_id: UUID) -> Playable | None:
    """The playable thing behind a playback id; None where there is none."""
    with tenancy.everywhere("a viewer belongs to no organization; the playback id alone says what is meant"):
        row = db.session.execute(_FIND, {"playback_id": playback_id}).one_or_none()
        if row is None:
            return None
        tracks = [dict(track._mapping) for track in db.session.execute(_TRACKS, {"media_id": row.media_id})]
    told = dict(row._mapping)
    resolution = told.pop("resolution")
    told["max_height"] = int(resolution.removesuffix("p")) if resolution else None
    told["downloads"] = [name for name, entry in told["downloads"].items() if entry["status"] == "ready"]
    return Playable(**told, tracks=tracks)


def signing_key_used(key_id: UUID) -> None:
    """Note that the key proved somebody's right just now."""
    used = sa.update(SigningKey).where(SigningKey.id == key_id).values(last_used_at=now())
    with tenancy.everywhere("a viewer belongs to no organization; the key that let them in is noted by its id"):
        db.session.execute(used.execution_options(synchronize_session=False))


def signing_key(key_id: UUID, workspace_id: UUID) -> str | None:
    """The public half (PEM) of a signing key of this workspace; None where there is none (any more)."""
    with tenancy.everywhere("a viewer's token names the key; whose it is, is what is asked here"):
        return db.session.scalar(_KEY, {"key_id": key_id, "workspace_id": workspace_id})
