"""Counts viewers from the playlists they ask for: gathered in this process, written down every few seconds.

Written after an answer has gone out, so that nobody waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from flask import Response

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.delivery import ttl_cache
from fastpix.resources.live_streams.playback import LivePlayable
from fastpix.resources.live_streams.viewers import domain as viewers
from fastpix.web import after_answer

EVERY_SECONDS = 5.0

_lock = Lock()


@dataclass
class _Watching:
    """Who watched since the last time that it was written down: workspace and organization by stream and viewer."""

    seen: dict[tuple[str, str], tuple[UUID, UUID]] = field(default_factory=dict)
    written_at: float = 0.0


def _watching(_settings: Settings) -> _Watching:
    return _Watching()


def note(playable: LivePlayable, viewer: str, response: Response) -> None:
    """Note that somebody watches; once the answer is out, write down who was there, if it is time for that."""
    watching = instance.part(_watching)
    with _lock:
        if len(watching.seen) < viewers.MOST_AT_ONCE:
            watching.seen[(playable.stream_id, viewer)] = (playable.workspace_id, playable.organization_id)
        is_due = ttl_cache.clock() - watching.written_at >= EVERY_SECONDS
        if is_due:
            watching.written_at = ttl_cache.clock()
    if is_due:
        after_answer.write_later(response, _write, "viewers could not be noted")


def _write() -> None:
    watching = instance.part(_watching)
    with _lock:
        seen = dict(watching.seen)
    if seen:
        viewers.note([(*key, *tenant) for key, tenant in seen.items()])
    with _lock:  # only now: where others write just then, it is tried again in a few seconds
        for key in seen:
            watching.seen.pop(key, None)
