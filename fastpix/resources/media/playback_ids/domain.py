"""The playback ids of a media: addresses under which it plays, each with its policy, restrictions and resolution."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.resources.media import domain, events
from fastpix.resources.media.models import Media
from fastpix.resources.playback_ids import domain as shared
from fastpix.resources.playback_ids import queries, rules
from fastpix.resources.playback_ids.domain import PlaybackIds
from fastpix.resources.playback_ids.models import Audited, Drafts, PlaybackId, PlaybackIdRow, Rule, RuleDraft


@action("media.view")
def listed(media_id: UUID) -> list[PlaybackIdRow]:
    """All playback ids of a media, oldest first. Raises `Missing`."""
    domain.load(media_id)
    return [row for _, row in queries.of_media([media_id])]


@action("media.view")
def get(media_id: UUID, playback_id: UUID) -> PlaybackIdRow:
    """One playback id. Raises `Missing`."""
    return _PLAYBACK_IDS.get(media_id, playback_id)


@action("media.edit")
def create(
    media_id: UUID,
    policy: str,
    restrictions: Drafts | None = None,
    resolution: str | None = None,
) -> PlaybackIdRow:
    """A further playback id. `resolution` caps what it plays. Raises `Missing`, `Invalid`, `Refused` beyond 100."""
    most = rules.choose("resolution", resolution, rules.RESOLUTIONS) if resolution else None
    return _PLAYBACK_IDS.create(media_id, policy, restrictions, resolution=most)


@action("media.edit")
def delete(media_id: UUID, playback_id: UUID) -> None:
    """Delete a playback id: what plays under it stops within seconds. Raises `Missing`."""
    _PLAYBACK_IDS.delete(media_id, playback_id)


@action("media.edit")
def set_privacy(media_id: UUID, policy: str) -> None:
    """Make a media public or private in one act: what plays under the other policy stops within seconds, and it keeps or
    gets a playback id of this one, with the restrictions and resolution of what it takes the place of.

    Raises `Missing`, `Invalid`.
    """
    rules.choose("policy", policy, rules.POLICIES)
    media = domain.load(media_id)
    every = sa.select(PlaybackId).where(PlaybackId.media_id == media_id)
    old = list(db.session.scalars(every.order_by(PlaybackId.created_at, PlaybackId.id)))
    before = privacy(old)
    switch(media, old, policy)
    name = media.title or media.source_name
    describe(
        "media", media.id, name, before={"privacy": before}, after={"privacy": policy}, workspace_id=media.workspace_id
    )
    events.media(media, "media.updated")


def privacy(playback_ids: Iterable[PlaybackId]) -> str:
    """Who can watch by these: "public", "private", "private and public", or "nobody"."""
    return " and ".join(sorted({row.access_policy for row in playback_ids})) or "nobody"


def switch(media: Media, old: list[PlaybackId], policy: str) -> None:
    """Leave a media with playback ids of this policy alone, or one new one; `old` are all it has, oldest first. Not a verb."""
    others = [row for row in old if row.access_policy != policy]
    if len(others) == len(old):
        model = others[0] if others else None
        new = PlaybackId(media_id=media.id, workspace_id=media.workspace_id, resolution=model and model.resolution)
        shared.add(new, policy, {**model.restrictions} if model else {})
    for row in others:
        db.session.delete(row)
    db.session.flush()


@action("media.edit")
def restrict(media_id: UUID, playback_id: UUID, kind: str, draft: RuleDraft) -> Rule:
    """Set the rule for "domains" or "userAgents"; what the draft leaves out stays. Raises `Missing`, `Invalid`."""
    return _PLAYBACK_IDS.restrict(media_id, playback_id, kind, draft)


@action("media.edit")
def restrict_all(media_id: UUID, playback_id: UUID, drafts: Drafts) -> None:
    """Set the rules for "domains" and "userAgents" at once, as a form does. Raises `Missing`, `Invalid`."""
    _PLAYBACK_IDS.restrict_all(media_id, playback_id, drafts)


def _changed(media: Media, row: PlaybackId, before: Audited | None, after: Audited | None) -> None:
    name = media.title or media.source_name
    describe(
        "playback_id", row.id, name, before={**(before or {})}, after={**(after or {})}, workspace_id=media.workspace_id
    )
    events.media(media, "media.updated")


_PLAYBACK_IDS = PlaybackIds(PlaybackId, PlaybackId.media_id, "media", domain.load, _changed)
