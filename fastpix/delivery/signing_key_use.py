"""Notes that a signing key proved somebody's right, at most once an hour each: a key that was never used may go."""

from __future__ import annotations

from functools import partial
from threading import Lock
from uuid import UUID

from flask import Response, after_this_request

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.delivery import ttl_cache
from fastpix.resources.media import playback
from fastpix.web import after_answer

EVERY_SECONDS = 3600.0

_lock = Lock()


def _noted(_settings: Settings) -> dict[UUID, float]:
    return {}


def note(key_id: UUID) -> None:
    """The key just proved something; once the answer is out it is written down, if it was not within the hour."""
    noted = instance.part(_noted)
    with _lock:
        before = noted.get(key_id)
        if before is not None and ttl_cache.clock() - before < EVERY_SECONDS:
            return
        noted[key_id] = ttl_cache.clock()

    @after_this_request
    def later(response: Response) -> Response:
        note = partial(playback.signing_key_used, key_id)
        lost = "the use of a signing key could not be noted"
        after_answer.write_later(response, note, lost, on_drop=partial(noted.pop, key_id, None))
        return response
