"""What the worker writes about a media while it works on it. No verbs: only jobs call these, each in a transaction of
its own, as the named system actor of the media's organization."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db, now
from fastpix.resources.media import announce, asked, domain
from fastpix.resources.media.models import (
    AVAILABLE,
    DOWNLOADED,
    FAILED,
    IN_QUEUE,
    READY,
    UNDER_WAY,
    Media,
    Track,
)


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
    downloads: dict[str, Any]
    renditions: list[dict[str, Any]]


def look(media_id: UUID) -> Work | None:
    """The media; None when it was deleted meanwhile."""
    media = db.session.scalar(sa.select(Media).where(Media.id == media_id))
    if media is None:
        return None
    return Work(**{name: getattr(media, name) for name in Work.__dataclass_fields__})


def mark(media_id: UUID, status: str, text: str = "", *, percent: int | None = None) -> None:
    """The media's status. Says nothing of a media that is gone, or done already."""
    media = db.session.scalar(sa.select(Media).where(Media.id == media_id, Media.status.in_(UNDER_WAY)))
    if media is None:
        return
    media.status, media.percent, media.updated_at = status, percent, now()
    if text:
        domain.note(media, text)


def progress(media_id: UUID, percent: int) -> None:
    """How far the present step is. Not worth a new `updated_at` nor a log line."""
    statement = sa.update(Media).where(Media.id == media_id, Media.status.in_(UNDER_WAY)).values(percent=percent)
    db.session.execute(statement.execution_options(synchronize_session=False))


def fail(media_id: UUID, reason: str, log: Iterable[str] = ()) -> None:
    """End a media as Failed, with a reason that a person understands."""
    media = db.session.scalar(sa.select(Media).where(Media.id == media_id, Media.status.in_(UNDER_WAY)))
    if media is None:
        return
    media.status, media.failure, media.percent, media.updated_at = FAILED, reason, None, now()
    domain.note(media, reason, "\n".join(log))
    announce.media(media, "media.failed")


def received(media_id: UUID, size: int, name: str = "") -> None:
    """The source lies in the storage now."""
    media = domain.load(media_id)
    media.source_size = size
    media.size = size
    if name and not media.source_name:
        media.source_name = asked.file_name(name)
        domain.rename(media, media.title)
    media.status, media.percent, media.updated_at = DOWNLOADED, None, now()
    domain.note(media, f"The source was received ({size:,} bytes).")


def examined(media_id: UUID, facts: dict[str, Any]) -> None:
    """What probing found: container, duration, size of picture; the media waits for a worker now."""
    media = domain.load(media_id)
    for name, value in facts.items():
        setattr(media, name, value)
    media.status, media.updated_at = IN_QUEUE, now()
    _set_own_tracks(media)
    domain.enqueue(media, "media.process")
    domain.note(media, "The source was examined; the media waits for its turn.")


def publish(media_id: UUID, version: str, made: dict[str, Any], notices: Iterable[str]) -> None:
    """Make it Ready, with everything, in the transaction that also ends the job."""
    media = domain.load(media_id)
    media.version, media.status, media.percent, media.failure = version, READY, None, ""
    for name in ("renditions", "sprite", "has_poster", "duration"):
        setattr(media, name, made[name])
    media.size = (media.source_size or 0) + made["size"]
    media.updated_at = now()
    for track in db.session.scalars(sa.select(Track).where(Track.media_id == media_id, Track.is_added.is_(False))):
        track.status = AVAILABLE
    for name in media.downloads:
        media.downloads = media.downloads | {name: {"status": "preparing"}}
    if media.downloads or media.mp4_support:
        domain.plan_downloads(media)
    for notice in notices:
        domain.note(media, notice)
    domain.note(media, "The media is ready.")
    announce.media(media, "media.ready")
    db.session.flush()  # whether the media is still there is known now, while its files can be taken back


def downloadable(media_id: UUID, made: dict[str, dict[str, Any]]) -> None:
    """Downloads that are ready (or failed) now, by file name; those not wanted any more are left out."""
    media = domain.load(media_id)
    media.downloads = media.downloads | {name: entry for name, entry in made.items() if name in media.downloads}
    media.size += sum(entry.get("size", 0) for entry in made.values())
    media.updated_at = now()
    if any(entry["status"] == "ready" for name, entry in made.items() if name in media.downloads):
        announce.media(media, "media.mp4Support.ready", "media.updated")


def _set_own_tracks(media: Media) -> None:
    """The rows of the source's own picture and sound, anew."""
    db.session.execute(sa.delete(Track).where(Track.media_id == media.id, Track.is_added.is_(False)))
    if not media.is_audio_only:
        details = {"width": media.width, "height": media.height, "frameRate": f"{media.frame_rate or 0:.3f}"}
        db.session.add(Track(media_id=media.id, workspace_id=media.workspace_id, type="video", details=details))
    if media.has_sound:
        db.session.add(
            Track(
                media_id=media.id,
                workspace_id=media.workspace_id,
                type="audio",
                language_code="und",
                language_name="default",
            )
        )
