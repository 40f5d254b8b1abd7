"""Counts viewers from the playlists they ask for: gathered in this process, written down every few seconds.

Written after an answer has gone out, so that nobody waits for it.
"""

from __future__ import annotations

import logging
from threading import Lock
from uuid import UUID

from flask import Flask, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from fastpix.db import set_reading, transaction
from fastpix.delivery import kept
from fastpix.resources.live_streams import viewers
from fastpix.resources.live_streams.playback import LivePlayable

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0

_lock = Lock()
_seen: dict[tuple[str, str], tuple[UUID, UUID]] = {}
_written = {"at": 0.0}


def forget() -> None:
    """Forget who was here. Called when the application is configured."""
    with _lock:
        _seen.clear()
        _written["at"] = 0.0


def note(playable: LivePlayable, viewer: str, response: Response) -> None:
    """Note that somebody watches; once the answer is out, write down who was there, if it is time for that."""
    with _lock:
        if len(_seen) < viewers.MOST_AT_ONCE:
            _seen[(playable.stream_id, viewer)] = (playable.workspace_id, playable.organization_id)
        is_due = kept.clock() - _written["at"] >= EVERY_SECONDS
        if is_due:
            _written["at"] = kept.clock()
    if is_due:
        application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # how Flask documents it
        response.call_on_close(lambda: _write(application))


def _write(application: Flask) -> None:
    with _lock:
        gathered = [(*key, *place) for key, place in _seen.items()]
        _seen.clear()
    if not gathered:
        return
    try:
        with application.app_context():
            set_reading(False)
            with transaction():
                viewers.note(gathered)
    except SQLAlchemyError:
        log.warning("viewers could not be noted", exc_info=True)
