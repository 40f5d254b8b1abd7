"""What the worker looks after: media whose job died for good, and bytes that belong to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.db import db, now
from fastpix.jobs.models import FAILED as JOB_FAILED
from fastpix.jobs.models import Job
from fastpix.resources.live_streams.models import LiveBroadcast, LiveConnection
from fastpix.resources.media import processing
from fastpix.resources.media.models import READY, UNDER_WAY, WAITING, Media, Track, Upload
from fastpix.storage import instance as storage
from fastpix.storage.interface import Entry

# What is younger may belong to work that has not been saved yet.
GRACE = timedelta(hours=24)
DIED = "Processing was tried several times, and the worker died each time. Try again, or send another file."
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The third id is a media's, or a broadcast's that is out or not cleared yet.
_OF_MEDIA = re.compile(rf"(?P<folder>{_UUID}/{_UUID}/(?P<media>{_UUID}))/(?P<rest>.+)")
_OF_INGEST = re.compile(rf"\.work/live-(?P<connection>{_UUID})(?:-parcel)?/.+")


@dataclass(frozen=True)
class Orphan:
    """A stored file that belongs to nothing; `key` and bytes."""

    key: str
    size: int


def sweep() -> int:
    """Fail the media whose job gave up with its worker: nobody else would say so. Returns how many."""
    given_up = sa.select(Job.id).where(Job.state == JOB_FAILED)
    with tenancy.everywhere("housekeeping looks at the jobs of all organizations"):
        found = db.session.execute(
            sa.select(Media.id, Media.organization_id).where(Media.status.in_(UNDER_WAY), Media.job_id.in_(given_up))
        ).all()
    for media_id, organization_id in found:
        with principal.acting(principal.system("worker", organization_id)):
            processing.fail(media_id, DIED)
            db.session.flush()
    return len(found)


def stored_bytes() -> int:
    """Bytes of all media of the instance, originals included, as their rows say."""
    with tenancy.everywhere("the operator adds up the media of all organizations"):
        return int(db.session.scalar(sa.select(sa.func.sum(Media.size))) or 0)


def orphans(grace: timedelta = GRACE) -> Iterator[Orphan]:
    """Stored files that no row speaks of and that are older than `grace`."""
    before = now() - grace
    for entry in storage.get().list():
        if entry.modified < before and not _is_wanted(entry):
            yield Orphan(entry.key, entry.size)


def missing() -> Iterator[str]:
    """Keys that rows speak of and that are not stored: a media that is Ready must have all its files."""
    store = storage.get()
    with tenancy.everywhere("the check looks at the media of all organizations"):
        ready = db.session.scalars(sa.select(Media).where(Media.status == READY)).all()
    for media in ready:
        present = {entry.key for entry in store.list(media.folder)}
        wanted = [f"{media.folder}/{media.version}/{r['name']}/index.m3u8" for r in media.renditions]
        wanted += [media.source_key] + ([f"{media.folder}/{media.version}/poster.jpg"] if media.has_poster else [])
        wanted += [f"{media.folder}/{media.version}/{n}" for n, e in media.downloads.items() if e["status"] == "ready"]
        yield from (key for key in wanted if key not in present)


def delete(orphan: Orphan) -> None:
    """Remove an orphan's bytes."""
    store = storage.get()
    if orphan.key.startswith("."):
        store.delete_leftover(orphan.key)
    else:
        store.delete(orphan.key)


def _is_wanted(entry: Entry) -> bool:
    if entry.key.startswith(".work/"):
        # Work that still runs touches its files; the kept pictures of delivery are looked after there.
        ingest = _OF_INGEST.fullmatch(entry.key)
        return entry.key.startswith(".work/images/") or (ingest is not None and _is_open(UUID(ingest["connection"])))
    upload = re.search(rf"uploads/({_UUID})", entry.key)
    if upload:
        return _is_receiving(UUID(upload[1]))
    found = _OF_MEDIA.fullmatch(entry.key)
    if found is None:
        return False
    of = UUID(found["media"])
    return _belongs(of, found["folder"], found["rest"]) or _is_broadcast(of, found["folder"])


def _is_receiving(upload_id: UUID) -> bool:
    with tenancy.everywhere("the check looks at the uploads of all organizations"):
        waiting = db.session.scalar(sa.select(Upload.id).where(Upload.id == upload_id, Upload.status == WAITING))
        fetching = db.session.scalar(sa.select(Media.id).where(Media.id == upload_id, Media.status.in_(UNDER_WAY)))
    return waiting is not None or fetching is not None


def _is_open(connection_id: UUID) -> bool:
    """Whether an encoder is (or was until its ingest died) connected so: its files may lie there for days."""
    with tenancy.everywhere("the check looks at the encoders of all organizations"):
        found = sa.select(LiveConnection.id).where(
            LiveConnection.id == connection_id, LiveConnection.ended_at.is_(None)
        )
        return db.session.scalar(found) is not None


def _is_broadcast(broadcast_id: UUID, folder: str) -> bool:
    with tenancy.everywhere("the check looks at the broadcasts of all organizations"):
        kept = sa.select(LiveBroadcast).where(LiveBroadcast.id == broadcast_id, LiveBroadcast.cleared_at.is_(None))
        broadcast = db.session.scalar(kept)
    return broadcast is not None and broadcast.folder == folder


def _belongs(media_id: UUID, folder: str, rest: str) -> bool:
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
