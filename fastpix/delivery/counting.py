"""Counts what goes out to players: starts, pieces and their seconds, by media and live stream, and nothing of viewers.

Gathered in this process and written down seconds later by a thread of its own, so that no viewer waits for it. Whoever
kills the process loses those seconds.
"""

from __future__ import annotations

import logging
from threading import Lock, Timer
from uuid import UUID

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from fastpix.db import transaction
from fastpix.delivery.admission import Admitted, AdmittedLive
from fastpix.resources.live_streams.playback import LivePlayable
from fastpix.resources.usage import counting
from fastpix.resources.usage.counting import Sum

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0

_lock = Lock()
_sums: dict[UUID, Sum] = {}
_waiting: list[Timer] = []


def forget() -> None:
    """Forget what was counted. Called when the application is configured."""
    with _lock:
        _sums.clear()


def start(found: Admitted | AdmittedLive) -> None:
    """A master playlist goes out: a player starts. Asked by a page of the dashboard, or without a body, it is none."""
    _add(found, starts=1)


def piece(found: Admitted | AdmittedLive, response: Response, seconds: float) -> Response:
    """A piece of video of that length goes out, if the answer carries it. The answer is given back."""
    if seconds and response.status_code in (200, 206):
        _add(found, pieces=1, seconds=seconds)
    return response


def write(application: Flask) -> None:
    """Write down what was gathered. What a database that does not answer cannot take is lost, and said."""
    with _lock:
        gathered = list(_sums.values())
        _sums.clear()
    if not gathered:
        return
    try:
        with application.app_context(), transaction():
            counting.add(gathered)
    except SQLAlchemyError:
        log.warning("what was delivered of %d media and streams could not be counted", len(gathered), exc_info=True)


def write_now() -> None:
    """Write what waits for its moment: the process ends."""
    for timer in list(_waiting):
        timer.cancel()
        timer.function(*timer.args)


def later(application: Flask) -> None:
    """See that it is written in a few seconds. Tests put something else in its place."""
    timer = Timer(EVERY_SECONDS, _write_and_rest, [application])
    timer.daemon = True
    _waiting.append(timer)
    timer.start()


def _add(found: Admitted | AdmittedLive, *, starts: int = 0, pieces: int = 0, seconds: float = 0.0) -> None:
    if found.is_ours or request.method != "GET":
        return
    playable = found.playable
    subject = UUID(playable.stream_id) if isinstance(playable, LivePlayable) else playable.media_id
    with _lock:
        is_first = not _sums
        known = _sums.get(subject)
        if known is None:
            known = _sums[subject] = Sum(subject, playable.workspace_id, playable.organization_id)
        known.starts += starts
        known.pieces += pieces
        known.seconds += seconds
    if is_first:
        application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # how Flask documents it
        later(application)


def _write_and_rest(application: Flask) -> None:
    _waiting.clear()
    write(application)
