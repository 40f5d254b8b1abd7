"""Notes that a signing key proved somebody's right, at most once an hour each: a key that was never used may go."""

from __future__ import annotations

import logging
from threading import Lock
from uuid import UUID

from flask import Flask, Response, after_this_request, current_app
from sqlalchemy.exc import SQLAlchemyError

from fastpix.db import set_reading, transaction
from fastpix.delivery import kept
from fastpix.resources.media import playback

log = logging.getLogger(__name__)
EVERY_SECONDS = 3600.0

_lock = Lock()
_noted: dict[UUID, float] = {}


def forget() -> None:
    """Forget what was noted. Called when the application is configured."""
    with _lock:
        _noted.clear()


def note(key_id: UUID) -> None:
    """The key just proved something; once the answer is out it is written down, if it was not within the hour."""
    with _lock:
        before = _noted.get(key_id)
        if before is not None and kept.clock() - before < EVERY_SECONDS:
            return
        _noted[key_id] = kept.clock()
    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # how Flask documents it

    @after_this_request
    def later(response: Response) -> Response:
        response.call_on_close(lambda: _write(application, key_id))
        return response


def _write(application: Flask, key_id: UUID) -> None:
    try:
        with application.app_context():
            set_reading(False)
            with transaction():
                playback.signing_key_used(key_id)
    except SQLAlchemyError:
        log.warning("the use of a signing key could not be noted", exc_info=True)
