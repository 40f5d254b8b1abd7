"""What the dashboard's own pages play and sign: media by their first playback id, and the private ids of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.media.models import FAILED, Media, PlaybackId
from fastpix.resources.media.playback import Playable

# How far back the choice of private playback ids looks; an older one is typed.
LATEST = 200
_OF_MEDIA = (
    sa.select(PlaybackId, Media)
    .join(Media, Media.id == PlaybackId.media_id)
    .where(PlaybackId.media_id.in_(sa.bindparam("media_ids", expanding=True)))
    .order_by(PlaybackId.created_at, PlaybackId.id)
)


def of(media_ids: Iterable[UUID]) -> dict[UUID, Playable]:
    """Those of the media that have a playback id, by media id, as delivery serves the first one. One statement.

    Not a verb: what shows media calls it for those it has.
    """
    wanted = list(media_ids)
    found: dict[UUID, Playable] = {}
    if wanted:
        for playback_id, media in db.session.execute(_OF_MEDIA, {"media_ids": wanted}):
            found.setdefault(media.id, _playable(playback_id, media))
    return found


def private_ids(workspace_id: UUID) -> list[dict[str, Any]]:
    """Private playback ids of the workspace's latest media, newest first, but of those that failed: {id, media_id, name}.

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
    same = (
        "version",
        "generation",
        "renditions",
        "duration",
        "sprite",
        "has_poster",
        "is_audio_only",
        "title",
        "status",
    )
    return Playable(
        playback_id=playback_id.id,
        policy=playback_id.access_policy,
        restrictions=playback_id.restrictions,
        max_height=None,
        media_id=media.id,
        workspace_id=media.workspace_id,
        organization_id=media.organization_id,
        downloads=[name for name, entry in media.downloads.items() if entry["status"] == "ready"],
        tracks=[],
        **{name: getattr(media, name) for name in same},
    )
