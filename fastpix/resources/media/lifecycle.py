"""The life of a media, from Created to Ready or Failed: every change of its status is a function here, and no other.

Jobs call these, each in a transaction of its own, as the named system actor of the media's organization; of the verbs, one
that sends a failed media through processing again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import affected_rows, db, now, reading, transaction
from fastpix.errors import Missing
from fastpix.jobs import queue
from fastpix.resources.media import events, options, queries
from fastpix.resources.media.downloads import rules as downloads
from fastpix.resources.media.models import (
    DOWNLOADED,
    DOWNLOADING,
    FAILED,
    IN_QUEUE,
    PROCESSING,
    READY,
    STATUSES,
    UNDER_WAY,
    VALIDATING,
    Downloads,
    LogLine,
    Media,
    Rendition,
    Sprite,
)
from fastpix.resources.media.tracks import lifecycle as tracks

__all__ = ["DOWNLOADING", "FAILED", "PROCESSING", "READY", "STATUSES", "VALIDATING"]

# A worker that dies costs an attempt, so that what kills workers ends; a job may be unlucky a few times.
MOST_ATTEMPTS = 12
_ONE = sa.select(Media).where(Media.id == sa.bindparam("media_id"))
_ID = sa.select(Media.id).where(Media.id == sa.bindparam("media_id"))
_ONE_UNDER_WAY = _ONE.where(Media.status.in_(UNDER_WAY))


@dataclass(frozen=True)
class Work:
    """A media as a job needs it, without the row."""

    id: UUID
    status: str
    source_kind: str
    source_url: str
    source_size: int | None
    source_media_id: UUID | None
    source_key: str
    folder: str
    version: str
    max_resolution: str
    optimize_audio: bool
    start_time: float | None
    end_time: float | None
    duration: float | None
    downloads: Downloads
    renditions: list[Rendition]


class Probed(TypedDict):
    """The columns of a media that probing fills."""

    container: str
    duration: float
    width: int | None
    height: int | None
    frame_rate: float | None
    is_audio_only: bool
    has_sound: bool


class Produced(TypedDict):
    """What processing made."""

    renditions: list[Rendition]
    sprite: Sprite | None
    has_poster: bool
    duration: float
    size: int


def look(media_id: UUID) -> Work | None:
    """The media; None when it was deleted meanwhile."""
    media = db.session.scalar(_ONE, {"media_id": media_id})
    if media is None:
        return None
    return Work(**{name: getattr(media, name) for name in Work.__dataclass_fields__})


def is_there(media_id: UUID) -> bool:
    """Whether the media is still there, for work that runs. In a transaction of its own, which only reads."""
    with reading(), transaction():
        return db.session.scalar(_ID, {"media_id": media_id}) is not None


def load(media_id: UUID) -> Media:
    """The row of a media. Raises `Missing`."""
    media = db.session.scalar(_ONE, {"media_id": media_id})
    if media is None:
        raise Missing("There is no such media here.")
    return media


def enter(media_id: UUID, status: str, text: str = "", *, percent: int | None = None) -> None:
    """The media has come to this status, and nothing of it plays yet. Says nothing of one that is gone, or done already."""
    media = db.session.scalar(_ONE_UNDER_WAY, {"media_id": media_id})
    if media is None:
        return
    media.status, media.percent, media.updated_at = status, percent, now()
    media.version, media.renditions = "", []
    if text:
        note(media, text)


def progress(media_id: UUID, percent: int) -> None:
    """How far the present step is. Not worth a new `updated_at` nor a log line."""
    statement = sa.update(Media).where(Media.id == media_id, Media.status.in_(UNDER_WAY)).values(percent=percent)
    db.session.execute(statement.execution_options(synchronize_session=False))


def plays(media_id: UUID, version: str, renditions: list[Rendition]) -> None:
    """What is made of it so far plays already, from its beginning; it stays Processing until all is there."""
    media = db.session.scalar(_ONE_UNDER_WAY, {"media_id": media_id})
    if media is None or media.status != PROCESSING:
        return
    media.version, media.renditions, media.updated_at = version, renditions, now()
    note(media, "It plays already, from its beginning; the rest is on its way.")


def withdraw(media_id: UUID, version: str) -> None:
    """What was made so far of this version plays no more: the attempt that made it ended."""
    media = db.session.scalar(_ONE_UNDER_WAY, {"media_id": media_id})
    if media is not None and media.version == version:
        media.version, media.renditions, media.updated_at = "", [], now()


def received(media_id: UUID, size: int, name: str = "") -> None:
    """The source lies in the storage now."""
    media = load(media_id)
    media.source_size = size
    media.size = size
    if name and not media.source_name:
        media.source_name = options.file_name(name)
        queries.rename(media)
    media.status, media.percent, media.updated_at = DOWNLOADED, None, now()
    note(media, f"The source was received ({size:,} bytes).")


def examined(media_id: UUID, probed: Probed) -> None:
    """What the source is, is known; the media waits for a worker now."""
    media = load(media_id)
    for name, value in probed.items():
        setattr(media, name, value)
    media.status, media.updated_at = IN_QUEUE, now()
    tracks.set_own(media)
    enqueue(media, "media.process")
    note(media, "The source was examined; the media waits for its turn.")


def publish(media_id: UUID, version: str, produced: Produced, notices: Iterable[str]) -> None:
    """Make it Ready, with everything, in the transaction that also ends the job."""
    media = load(media_id)
    media.version, media.status, media.percent, media.failure = version, READY, None, ""
    media.renditions, media.sprite = produced["renditions"], produced["sprite"]
    media.has_poster, media.duration = produced["has_poster"], produced["duration"]
    media.size = (media.source_size or 0) + produced["size"]
    media.updated_at = now()
    tracks.publish_own(media)
    tracks.listen_to_all(media)
    media.downloads = {name: {"status": downloads.PREPARING} for name in media.downloads}
    if media.downloads or media.mp4_support:
        plan_downloads(media)
    for notice in notices:
        note(media, notice)
    note(media, "The media is ready.")
    events.media(media, "media.ready")
    db.session.flush()  # whether the media is still there is known now, while its files can be taken back


def fail(media_id: UUID, reason: str, log: Iterable[str] = ()) -> None:
    """End a media as Failed, with a reason that a person understands."""
    media = db.session.scalar(_ONE_UNDER_WAY, {"media_id": media_id})
    if media is None:
        return
    media.status, media.failure, media.percent, media.updated_at = FAILED, reason, None, now()
    if media.version:  # its worker died, so nobody took away what played already
        args = {"folder": f"{media.folder}/{media.version}"}
        queue.enqueue("storage.remove", args, organization_id=media.organization_id)
        media.version, media.renditions = "", []
    note(media, reason, "\n".join(log))
    tracks.stop_waiting(media)
    events.media(media, "media.failed")


def restart(media: Media) -> bool:
    """Send a failed media through processing once more. False: it is under way already; of two at once, one does it."""
    claim = sa.update(Media).where(Media.id == media.id, Media.status == FAILED)
    claim = claim.values(status=IN_QUEUE, failure="", percent=None).execution_options(synchronize_session="fetch")
    if not affected_rows(claim):
        return False
    enqueue(media, "media.ingest")
    tracks.wait_again(media)
    note(media, "Processing was asked for again.")
    return True


def plan_downloads(media: Media) -> None:
    """Bring the files for download in line with the media's `mp4_support`; a job makes those that lack."""
    media.downloads = downloads.planned(media.mp4_support, media.is_audio_only, media.downloads)
    if media.status == READY:
        args = {"media_id": str(media.id)}
        queue.enqueue("media.downloads", args, organization_id=media.organization_id, max_attempts=MOST_ATTEMPTS)


def enqueue(media: Media, kind: str, **more: Any) -> None:
    """A job of this media, in the same transaction; `job_id` leads to it."""
    args = {"media_id": str(media.id), **more}
    media.job_id = queue.enqueue(kind, args, organization_id=media.organization_id, max_attempts=MOST_ATTEMPTS)


def note(media: Media, text: str, detail: str = "") -> None:
    """A line of the media's log."""
    line = LogLine(media_id=media.id, workspace_id=media.workspace_id, at=now(), text=text[:500], detail=detail[:20000])
    db.session.add(line)
