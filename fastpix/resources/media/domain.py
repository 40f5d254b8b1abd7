"""Media: get, edit, retry, delete. With the folders here the only writer of its tables."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.db import affected_rows, db, now
from fastpix.errors import Missing, WrongState
from fastpix.jobs import queue
from fastpix.resources.media import events, lifecycle, options, queries, redaction
from fastpix.resources.media.lifecycle import load
from fastpix.resources.media.models import FAILED, AuditedMedia, LogLine, LogRow, Media, MediaCount, MediaRow

__all__ = ["load"]

_LOG = sa.select(LogLine).where(LogLine.media_id == sa.bindparam("media_id")).order_by(LogLine.at, LogLine.id)


@action("media.view")
def get(media_id: UUID) -> MediaRow:
    """One media with its playback ids and tracks. Raises `Missing`."""
    rows = queries.whole([media_id])
    if media_id not in rows:
        raise Missing("There is no such media here.")
    return rows[media_id]


@action("media.view")
def log(media_id: UUID) -> list[LogRow]:
    """What happened to it, oldest first. Raises `Missing`."""
    url = load(media_id).source_url
    lines = db.session.scalars(_LOG, {"media_id": media_id})
    return [{"at": line.at, "text": redaction.for_reader(line.text, url), "detail": line.detail} for line in lines]


@action("media.edit")
def edit(
    media_id: UUID,
    *,
    title: str | None = None,
    creator_id: str | None = None,
    metadata: dict[str, str] | None = None,
) -> MediaRow:
    """Change title, creator id or metadata (replaced as a whole); what is None stays. Raises `Missing`, `Invalid`."""
    media = load(media_id)
    before = values(media)
    if title is not None:
        media.title = options.line("title", title)
        queries.rename(media)
    if creator_id is not None:
        media.creator_id = options.line("creatorId", creator_id)
    if metadata is not None:
        media.metadata_ = options.metadata(metadata)
    changed(media, before)
    return get(media_id)


@action("media.edit")
def retry(media_id: UUID) -> MediaRow:
    """Process a failed media once more. Raises `Missing`, `WrongState` unless it failed."""
    media = load(media_id)
    if media.status != FAILED:
        raise WrongState("Only a media that failed can be processed again.")
    before = values(media)
    if not lifecycle.restart(media):
        raise WrongState("Somebody asked for that already.")
    changed(media, before)
    return get(media_id)


@action("media.delete")
def delete(media_id: UUID) -> None:
    """Delete a media with every byte of it, now for viewers, soon on disk. Raises `Missing`."""
    media = load(media_id)
    describe(
        "media", media.id, media.title or media.source_name, before={**values(media)}, workspace_id=media.workspace_id
    )
    queue.enqueue("storage.remove", {"folder": media.folder}, organization_id=media.organization_id)
    count(media.workspace_id, -1)
    events.media(media, "media.deleted")
    db.session.delete(media)
    db.session.flush()


def add(media: Media) -> None:
    """A new media's rows: itself, its words, the count. Not a verb: what creates media calls it."""
    media.created_by = media.created_by or current().shown_name
    db.session.add(media)
    db.session.flush()
    queries.rename(media)
    count(media.workspace_id, +1)


def count(workspace_id: UUID, change: int) -> None:
    """Keep the workspace's total, in the transaction of the change."""
    statement = sa.update(MediaCount).where(MediaCount.workspace_id == workspace_id)
    statement = statement.execution_options(synchronize_session="auto")
    for _ in range(2):
        if affected_rows(statement.values(total=MediaCount.total + change)):
            return
        try:
            with db.session.begin_nested():  # the first media of the workspace; another one may be so at this moment
                db.session.add(MediaCount(workspace_id=workspace_id, total=0))
        except IntegrityError:
            continue


def changed(media: Media, before: AuditedMedia) -> None:
    """Tell the audit log and webhooks what the running verb changed; `before` are the `values` it found."""
    media.updated_at = now()
    db.session.flush()
    name = media.title or media.source_name
    describe("media", media.id, name, before={**before}, after={**values(media)}, workspace_id=media.workspace_id)
    events.media(media, "media.updated")


def values(media: Media) -> AuditedMedia:
    """As the audit log keeps them."""
    return {
        "title": media.title,
        "creator_id": media.creator_id,
        "status": media.status,
        "source_access": media.source_access,
        "mp4_support": media.mp4_support,
        "metadata": dict(media.metadata_),
    }
