"""The playback ids of a live stream: addresses under which its broadcasts play, each with policy and restrictions."""

from __future__ import annotations

from uuid import UUID

from fastpix.access.action import action, describe
from fastpix.resources.live_streams import domain, events
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.playback_ids.domain import PlaybackIds
from fastpix.resources.playback_ids.models import Audited, Drafts, LivePlaybackId, PlaybackIdRow, Rule, RuleDraft


@action("live_streams.view")
def get(stream_id: str, playback_id: UUID) -> PlaybackIdRow:
    """One playback id. Raises `Missing`."""
    return _PLAYBACK_IDS.get(stream_id, playback_id)


@action("live_streams.edit")
def create(stream_id: str, policy: str = "public", restrictions: Drafts | None = None) -> PlaybackIdRow:
    """A further playback id. Raises `Missing`, `Invalid`, `Refused` beyond 100."""
    return _PLAYBACK_IDS.create(stream_id, policy, restrictions)


@action("live_streams.edit")
def delete(stream_id: str, playback_id: UUID) -> None:
    """Delete a playback id: what plays under it stops within seconds. Raises `Missing`."""
    _PLAYBACK_IDS.delete(stream_id, playback_id)


@action("live_streams.edit")
def restrict(stream_id: str, playback_id: UUID, kind: str, draft: RuleDraft) -> Rule:
    """Set the rule for "domains" or "userAgents"; what the draft leaves out stays. Raises `Missing`, `Invalid`."""
    return _PLAYBACK_IDS.restrict(stream_id, playback_id, kind, draft)


@action("live_streams.edit")
def restrict_all(stream_id: str, playback_id: UUID, drafts: Drafts) -> None:
    """Set the rules for "domains" and "userAgents" at once, as a form does. Raises `Missing`, `Invalid`."""
    _PLAYBACK_IDS.restrict_all(stream_id, playback_id, drafts)


def _changed(stream: LiveStream, row: LivePlaybackId, before: Audited | None, after: Audited | None) -> None:
    name, workspace_id = stream.name, stream.workspace_id
    describe(
        "live_playback_id", row.id, name, before={**(before or {})}, after={**(after or {})}, workspace_id=workspace_id
    )
    events.stream(stream, "updated")


_PLAYBACK_IDS = PlaybackIds(LivePlaybackId, LivePlaybackId.stream_id, "live stream", domain.load, _changed)
