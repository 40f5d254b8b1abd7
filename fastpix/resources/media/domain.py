"""Media: get, edit, delete, retry, source access, MP4 downloads. With its neighbours the only writer of its tables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from fastpix import words
from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.db import db, now
from fastpix.errors import Missing, WrongState
from fastpix.jobs import queue
from fastpix.resources.media import announce, asked, search
from fastpix.resources.media.models import FAILED, IN_QUEUE, READY, LogLine, Media, MediaCount, MediaWord

# A worker that dies costs an attempt, so that what kills workers ends; a job may be unlucky a few times.
MOST_ATTEMPTS = 12
_ONE = sa.select(Media).where(Media.id == sa.bindparam("media_id"))
_LOG = sa.select(LogLine).where(LogLine.media_id == sa.bindparam("media_id")).order_by(LogLine.at, LogLine.id)


@action("media.view")
def get(media_id: UUID) -> dict[str, Any]:
    """One media with its playback ids and tracks. Raises `Missing`."""
    found = search.whole([media_id])
    if media_id not in found:
        raise Missing("There is no such media here.")
    return found[media_id]


@action("media.view")
def log(media_id: UUID) -> list[dict[str, Any]]:
    """What happened to it, oldest first: {at, text, detail}. Raises `Missing`."""
    url = load(media_id).source_url
    lines = db.session.scalars(_LOG, {"media_id": media_id})
    return [{"at": line.at, "text": search.for_reader(line.text, url), "detail": line.detail} for line in lines]


@action("media.edit")
def edit(
    media_id: UUID,
    *,
    title: str | None = None,
    creator_id: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Change title, creator id or metadata (replaced as a whole); what is None stays. Raises `Missing`, `Invalid`."""
    media = load(media_id)
    before = _facts(media)
    if title is not None:
        rename(media, asked.line("title", title))
    if creator_id is not None:
        media.creator_id = asked.line("creatorId", creator_id)
    if metadata is not None:
        media.metadata_ = asked.metadata(metadata)
    _tell(media, before)
    return get(media_id)


@action("media.edit")
def set_source_access(media_id: UUID, is_on: bool) -> dict[str, Any]:
    """Whether the original file may be downloaded by those who may see where it came from. Raises `Missing`."""
    media = load(media_id)
    before = _facts(media)
    was_on, media.source_access = media.source_access, is_on
    _tell(media, before)
    if was_on != is_on:
        announce.media(media, "media.source.ready" if is_on else "media.source.deleted")
    return get(media_id)


@action("media.edit")
def set_mp4_support(media_id: UUID, support: str) -> dict[str, Any]:
    """Which files viewers may download: none, capped_4k, audioOnly, or "audioOnly,capped_4k".

    Raises `Missing`, `Invalid`, `WrongState` for what is set already (the contract answers 400).
    """
    media = load(media_id)
    wanted = asked.choose("mp4Support", support, asked.MP4_SUPPORT)
    if (media.mp4_support or "none") == wanted:
        raise WrongState(f"MP4 support is {wanted} already.")
    before = _facts(media)
    media.mp4_support = "" if wanted == "none" else wanted
    plan_downloads(media)
    _tell(media, before)
    return get(media_id)


@action("media.edit")
def retry(media_id: UUID) -> dict[str, Any]:
    """Process a failed media once more. Raises `Missing`, `WrongState` unless it failed."""
    media = load(media_id)
    if media.status != FAILED:
        raise WrongState("Only a media that failed can be processed again.")
    before = _facts(media)
    # Of two at once, one changes the row.
    claim = sa.update(Media).where(Media.id == media_id, Media.status == FAILED)
    claim = claim.values(status=IN_QUEUE, failure="", percent=None).execution_options(synchronize_session="fetch")
    if not db.session.execute(claim).rowcount:  # type: ignore[attr-defined]  # a cursor's result
        raise WrongState("Somebody asked for that already.")
    enqueue(media, "media.ingest")
    note(media, "Processing was asked for again.")
    _tell(media, before)
    return get(media_id)


@action("media.delete")
def delete(media_id: UUID) -> None:
    """Delete a media with every byte of it, now for viewers, soon on disk. Raises `Missing`."""
    media = load(media_id)
    describe("media", media.id, media.title or media.source_name, before=_facts(media), workspace_id=media.workspace_id)
    queue.enqueue("storage.remove", {"folder": media.folder}, organization_id=media.organization_id)
    count(media.workspace_id, -1)
    announce.media(media, "media.deleted")
    db.session.delete(media)
    db.session.flush()


def load(media_id: UUID) -> Media:
    """The row of a media. Raises `Missing`."""
    media = db.session.scalar(_ONE, {"media_id": media_id})
    if media is None:
        raise Missing("There is no such media here.")
    return media


def add(media: Media) -> Media:
    """A new media's rows: itself, its words, the count. Not a verb: what creates media calls it."""
    media.created_by = media.created_by or current().shown_name
    db.session.add(media)
    db.session.flush()
    rename(media, media.title)
    count(media.workspace_id, +1)
    return media


def rename(media: Media, title: str) -> None:
    """Give a title, and the words that find it."""
    media.title, media.title_folded = title, title.casefold()
    db.session.execute(sa.delete(MediaWord).where(MediaWord.media_id == media.id))
    found = words.of(title, media.source_name)
    db.session.add_all(MediaWord(media_id=media.id, workspace_id=media.workspace_id, word=word) for word in found)
    db.session.flush()


def enqueue(media: Media, kind: str, **more: Any) -> None:
    """A job of this media, in the same transaction; `job_id` leads to it."""
    args = {"media_id": str(media.id), **more}
    media.job_id = queue.enqueue(kind, args, organization_id=media.organization_id, max_attempts=MOST_ATTEMPTS)


def plan_downloads(media: Media) -> None:
    """Bring the downloadable files in line with `mp4_support`: plan those that lack, forget those not wanted."""
    wanted = {"capped-4k.mp4"} if "capped_4k" in media.mp4_support and not media.is_audio_only else set()
    wanted |= {"audio.m4a"} if "audioOnly" in media.mp4_support else set()
    kept = {name: entry for name, entry in media.downloads.items() if name in wanted and entry["status"] == "ready"}
    media.downloads = kept | {name: {"status": "preparing"} for name in sorted(wanted - set(kept))}
    if media.status == READY:
        args = {"media_id": str(media.id)}
        queue.enqueue("media.downloads", args, organization_id=media.organization_id, max_attempts=MOST_ATTEMPTS)


def note(media: Media, text: str, detail: str = "") -> None:
    """A line of the media's log."""
    line = LogLine(media_id=media.id, workspace_id=media.workspace_id, at=now(), text=text[:500], detail=detail[:20000])
    db.session.add(line)


def count(workspace_id: UUID, change: int) -> None:
    """Keep the workspace's total, in the transaction of the change."""
    statement = sa.update(MediaCount).where(MediaCount.workspace_id == workspace_id)
    for _ in range(2):
        if db.session.execute(statement.values(total=MediaCount.total + change)).rowcount:  # type: ignore[attr-defined]  # a cursor's result
            return
        try:
            with db.session.begin_nested():  # the first media of the workspace; another one may be so at this moment
                db.session.add(MediaCount(workspace_id=workspace_id, total=0))
        except IntegrityError:
            continue


def _tell(media: Media, before: dict[str, Any]) -> None:
    media.updated_at = now()
    db.session.flush()
    name = media.title or media.source_name
    describe("media", media.id, name, before=before, after=_facts(media), workspace_id=media.workspace_id)
    announce.media(media, "media.updated")


def _facts(media: Media) -> dict[str, Any]:
    names = ("title", "creator_id", "status", "source_access", "mp4_support")
    return {name: getattr(media, name) for name in names} | {"metadata": dict(media.metadata_)}
