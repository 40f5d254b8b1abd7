"""Playback ids: the addresses under which a media plays, each with its policy, restrictions and highest resolution."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.media import announce, asked, domain, search
from fastpix.resources.media.models import NO_RESTRICTIONS, Media, PlaybackId

MOST = 100
_ONE = sa.select(PlaybackId).where(
    PlaybackId.id == sa.bindparam("playback_id"), PlaybackId.media_id == sa.bindparam("media_id")
)
_ALL = (
    sa.select(PlaybackId)
    .where(PlaybackId.media_id == sa.bindparam("media_id"))
    .order_by(PlaybackId.created_at, PlaybackId.id)
)


@action("media.view")
def listed(media_id: UUID) -> list[dict[str, Any]]:
    """All playback ids of a media, oldest first. Raises `Missing`."""
    domain.load(media_id)
    return [search.playback_as_dict(row) for row in db.session.scalars(_ALL, {"media_id": media_id})]


@action("media.view")
def get(media_id: UUID, playback_id: UUID) -> dict[str, Any]:
    """One playback id. Raises `Missing`."""
    return search.playback_as_dict(_load(media_id, playback_id))


@action("media.edit")
def create(
    media_id: UUID, policy: str, restrictions: dict[str, Any] | None = None, resolution: str | None = None
) -> dict[str, Any]:
    """A further playback id. `resolution` caps what it plays. Raises `Missing`, `Invalid`, `Refused` beyond 100."""
    media = domain.load(media_id)
    if len(list(db.session.scalars(_ALL, {"media_id": media_id}))) >= MOST:
        raise Refused(f"A media has at most {MOST} playback ids. Delete one first.")
    row = PlaybackId(
        media_id=media_id,
        workspace_id=media.workspace_id,
        access_policy=asked.choose("accessPolicy", policy, asked.POLICIES),
        resolution=asked.choose("resolution", resolution, asked.RESOLUTIONS) if resolution else None,
        restrictions={kind: asked.rule(kind, (restrictions or {}).get(kind)) for kind in NO_RESTRICTIONS},
    )
    db.session.add(row)
    db.session.flush()
    _tell(media, row, after=_facts(row))
    return search.playback_as_dict(row)


@action("media.edit")
def delete(media_id: UUID, playback_id: UUID) -> None:
    """Delete a playback id: what plays under it stops within seconds. Raises `Missing`."""
    row = _load(media_id, playback_id)
    before = _facts(row)
    db.session.delete(row)
    db.session.flush()
    _tell(domain.load(media_id), row, before=before)


@action("media.edit")
def restrict(
    media_id: UUID,
    playback_id: UUID,
    kind: str,
    policy: str | None = None,
    allow: list[str] | None = None,
    deny: list[str] | None = None,
) -> dict[str, Any]:
    """Set the rule for "domains" or "userAgents"; what is None stays. The new rule. Raises `Missing`, `Invalid`.

    `allow` counts only when the policy is deny, `deny` only when it is allow (contract section 3.3).
    """
    if kind not in NO_RESTRICTIONS:
        raise Invalid("kind", f"Choose one of {', '.join(NO_RESTRICTIONS)}.")
    row = _load(media_id, playback_id)
    before = _facts(row)
    old = row.restrictions[kind]
    rule = asked.rule(
        kind,
        {
            "defaultPolicy": old["defaultPolicy"] if policy is None else policy,
            "allow": old["allow"] if allow is None else allow,
            "deny": old["deny"] if deny is None else deny,
        },
    )
    row.restrictions = row.restrictions | {kind: rule}
    db.session.flush()
    _tell(domain.load(media_id), row, before=before, after=_facts(row))
    return rule


@action("media.edit")
def restrict_all(media_id: UUID, playback_id: UUID, rules: dict[str, dict[str, Any]]) -> None:
    """Set the rules for "domains" and "userAgents" at once, as a form does. Raises `Missing`, `Invalid`."""
    row = _load(media_id, playback_id)
    before = _facts(row)
    row.restrictions = {kind: asked.rule(kind, rules.get(kind)) for kind in NO_RESTRICTIONS}
    db.session.flush()
    _tell(domain.load(media_id), row, before=before, after=_facts(row))


def _load(media_id: UUID, playback_id: UUID) -> PlaybackId:
    row = db.session.scalar(_ONE, {"media_id": media_id, "playback_id": playback_id})
    if row is None:
        raise Missing("There is no such playback id of this media.")
    return row


def _facts(row: PlaybackId) -> dict[str, Any]:
    return {"policy": row.access_policy, "resolution": row.resolution, "restrictions": row.restrictions}


def _tell(media: Media, row: PlaybackId, **changes: Any) -> None:
    describe("playback_id", row.id, media.title or media.source_name, workspace_id=media.workspace_id, **changes)
    announce.media(media, "media.updated")
