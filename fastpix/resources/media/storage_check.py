"""Whether rows and stored bytes agree: bytes that belong to nothing, files that are missing, and how much there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.media.downloads.rules import READY as DOWNLOAD_READY
from fastpix.resources.media.models import READY, UNDER_WAY, Media
from fastpix.resources.media.tracks.models import Track
from fastpix.resources.media.uploads.models import WAITING, Upload
from fastpix.storage import instance as storage
from fastpix.storage.interface import Entry

# What is younger may belong to work that has not been saved yet.
GRACE = timedelta(hours=24)
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The third id is a media's, or a broadcast's that is out or not cleared yet.
_OF_MEDIA = re.compile(rf"(?P<folder>{_UUID}/{_UUID}/(?P<media>{_UUID}))/(?P<rest>.+)")
_OF_INGEST = re.compile(rf"\.work/live-(?P<connection>{_UUID})(?:-parcel)?/.+")


@dataclass(frozen=True)
class Orphan:
    """A stored file that belongs to nothing; `key` and bytes."""

    key: str
    size: int


def stored_bytes() -> int:
    """Bytes of all media of the instance, originals included, as their rows say."""
    with tenancy.everywhere("the operator adds up the media of all organizations"):
        return int(db.session.scalar(sa.select(sa.func.sum(Media.size))) or 0)


def orphans(grace: timedelta = GRACE) -> Iterator[Orphan]:
    """Stored files that no row speaks of and that are older than `grace`."""
    before = now() - grace
    for entry in storage.get().list():
        if entry.modified < before and not _belongs_to_something(entry):
            yield Orphan(entry.key, entry.size)


def missing() -> Iterator[str]:
    """Keys that rows speak of and that are not stored: a media that is Ready must have all its files."""
    store = storage.get()
    with tenancy.everywhere("the check looks at the media of all organizations"):
        ready = db.session.scalars(sa.select(Media).where(Media.status == READY)).all()
    for media in ready:
        present = {entry.key for entry in store.list(media.folder)}
        yield from (key for key in _keys(media) if key not in present)


def _keys(media: Media) -> Iterator[str]:
    """What must be stored of a media that is Ready."""
    yield media.source_key
    folder = f"{media.folder}/{media.version}"
    for rendition in media.renditions:
        yield f"{folder}/{rendition['name']}/index.m3u8"
    if media.has_poster:
        yield f"{folder}/poster.jpg"
    for name, file in media.downloads.items():
        if file["status"] == DOWNLOAD_READY:
            yield f"{folder}/{name}"


def delete(orphan: Orphan) -> None:
    """Remove an orphan's bytes."""
    store = storage.get()
    if orphan.key.startswith("."):
        store.delete_leftover(orphan.key)
    else:
        store.delete(orphan.key)


def _belongs_to_something(entry: Entry) -> bool:
    if entry.key.startswith(".work/"):
        # Work that still runs touches its files; the image cache of delivery is looked after there.
        ingest = _OF_INGEST.fullmatch(entry.key)
        return entry.key.startswith(".work/images/") or (ingest is not None and _is_open(UUID(ingest["connection"])))
    upload = re.search(rf"uploads/({_UUID})", entry.key)
    if upload:
        return _is_receiving(UUID(upload[1]))
    match = _OF_MEDIA.fullmatch(entry.key)
    if match is None:
        return False
    owner_id = UUID(match["media"])
    return _is_of_media(owner_id, match["folder"], match["rest"]) or _is_of_broadcast(owner_id, match["folder"])


def _is_receiving(upload_id: UUID) -> bool:
    with tenancy.everywhere("the check looks at the uploads of all organizations"):
        waiting = db.session.scalar(sa.select(Upload.id).where(Upload.id == upload_id, Upload.status == WAITING))
        fetching = db.session.scalar(sa.select(Media.id).where(Media.id == upload_id, Media.status.in_(UNDER_WAY)))
    return waiting is not None or fetching is not None


def _is_open(connection_id: UUID) -> bool:
    """Whether an encoder is (or was until its ingest died) connected so: its files may lie there for days."""
    with tenancy.everywhere("the check looks at the encoders of all organizations"):
        connected = sa.select(LiveConnection.id).where(
            LiveConnection.id == connection_id, LiveConnection.ended_at.is_(None)
        )
        return db.session.scalar(connected) is not None


def _is_of_broadcast(broadcast_id: UUID, folder: str) -> bool:
    with tenancy.everywhere("the check looks at the broadcasts of all organizations"):
        not_cleared = sa.select(LiveBroadcast).where(
            LiveBroadcast.id == broadcast_id, LiveBroadcast.cleared_at.is_(None)
        )
        broadcast = db.session.scalar(not_cleared)
    return broadcast is not None and broadcast.folder == folder


def _is_of_media(media_id: UUID, folder: str, rest: str) -> bool:
    with tenancy.everywhere("the check looks at the media of all organizations"):
        media = db.session.scalar(sa.select(Media).where(Media.id == media_id))
        if media is None or media.folder != folder:
            return False
        first, _, inner = rest.partition("/")
        if first == "tracks":
            track_id, _, file = inner.partition("/")
            track = db.session.scalar(sa.select(Track).where(Track.media_id == media_id, Track.id == UUID(track_id)))
            return track is not None and file.partition("/")[0] in ("source", track.version)
    return rest == "source" or (first == media.version and bool(media.version))
