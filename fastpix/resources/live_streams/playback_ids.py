"""Playback ids of live streams: the addresses under which their broadcasts play, each with policy and restrictions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.live_streams import announce, domain, search
from fastpix.resources.live_streams.models import LivePlaybackId, LiveStream
from fastpix.resources.media import asked
from fastpix.resources.media.models import NO_RESTRICTIONS

MOST = 100


@action("live_streams.view")
def get(stream_id: str, playback_id: UUID) -> dict[str, Any]:
    """One playback id. Raises `Missing`."""
    return search.playback_as_dict(_load(stream_id, playback_id))


@action("live_streams.edit")
def create(stream_id: str, policy: str = "public", restrictions: dict[str, Any] | None = None) -> dict[str, Any]:
    """A further playback id. Raises `Missing`, `Invalid`, `Refused` beyond 100."""
    stream = domain.load(stream_id)
    of = LivePlaybackId.stream_id == stream_id
    if (db.session.scalar(sa.select(sa.func.count(LivePlaybackId.id)).where(of)) or 0) >= MOST:
        raise Refused(f"A live stream has at most {MOST} playback ids. Delete one first.")
    row = domain.add_playback_id(stream, policy, restrictions)
    _tell(stream, row, after=_facts(row))
    return search.playback_as_dict(row)


@action("live_streams.edit")
def delete(stream_id: str, playback_id: UUID) -> None:
    """Delete a playback id: what plays under it stops within seconds. Raises `Missing`."""
    row = _load(stream_id, playback_id)
    before = _facts(row)
    db.session.delete(row)
    db.session.flush()
    _tell(domain.load(stream_id), row, before=before)


@action("live_streams.edit")
def restrict(
    stream_id: str,
    playback_id: UUID,
    kind: str,
    policy: str | None = None,
    allow: list[str] | None = None,
    deny: list[str] | None = None,
) -> dict[str, Any]:
    """Set the rule for "domains" or "userAgents"; what is None stays. The new rule. Raises `Missing`, `Invalid`."""
    if kind not in NO_RESTRICTIONS:
        raise Invalid("kind", f"Choose one of {', '.join(NO_RESTRICTIONS)}.")
    row = _load(stream_id, playback_id)
    given = {"defaultPolicy": policy, "allow": allow, "deny": deny}
    old = row.restrictions[kind]
    rule = asked.rule(kind, old | {name: value for name, value in given.items() if value is not None})
    _set(row, row.restrictions | {kind: rule})
    return rule


@action("live_streams.edit")
def restrict_all(stream_id: str, playback_id: UUID, rules: dict[str, dict[str, Any]]) -> None:
    """Set the rules for "domains" and "userAgents" at once, as a form does. Raises `Missing`, `Invalid`."""
    _set(_load(stream_id, playback_id), {kind: asked.rule(kind, rules.get(kind)) for kind in NO_RESTRICTIONS})


def _set(row: LivePlaybackId, restrictions: dict[str, Any]) -> None:
    before = _facts(row)
    row.restrictions = restrictions
    db.session.flush()
    _tell(domain.load(row.stream_id), row, before=before, after=_facts(row))


def _load(stream_id: str, playback_id: UUID) -> LivePlaybackId:
    one = sa.select(LivePlaybackId).where(LivePlaybackId.id == playback_id, LivePlaybackId.stream_id == stream_id)
    row = db.session.scalar(one)
    if row is None:
        raise Missing("There is no such playback id of this live stream.")
    return row


def _facts(row: LivePlaybackId) -> dict[str, Any]:
    return {"policy": row.access_policy, "restrictions": row.restrictions}


def _tell(stream: LiveStream, row: LivePlaybackId, **changes: Any) -> None:
    describe("live_playback_id", row.id, stream.name, workspace_id=stream.workspace_id, **changes)
    announce.stream(stream, "updated")
