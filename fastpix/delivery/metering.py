"""Counts what goes out to players: starts, pieces and their seconds, by media and live stream, and nothing of viewers.

Gathered in this process and written down seconds later by a thread of its own, so that no viewer waits for it. Whoever
kills the process loses those seconds.
"""

from __future__ import annotations

from threading import Lock, Timer
from uuid import UUID

from flask import Flask, Response, request

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.delivery.authorization import LiveGrant, MediaGrant
from fastpix.resources.live_streams.playback import LivePlayable
from fastpix.resources.usage import domain as usage
from fastpix.resources.usage.domain import Sum
from fastpix.web import after_answer

EVERY_SECONDS = 5.0

_lock = Lock()
_timers: dict[Flask, Timer] = {}


def _totals(_settings: Settings) -> dict[UUID, Sum]:
    return {}


def start(grant: MediaGrant | LiveGrant) -> None:
    """A master playlist goes out: a player starts. Asked by a page of the dashboard, or without a body, it is none."""
    _add(grant, starts=1)


def segment(grant: MediaGrant | LiveGrant, response: Response, seconds: float) -> Response:
    """A segment of video of that length goes out, if the answer carries it. The answer is given back."""
    if seconds and response.status_code in (200, 206):
        _add(grant, pieces=1, seconds=seconds)
    return response


def write(application: Flask) -> None:
    """Write down what was counted. What a database that does not answer cannot take is lost, and said."""
    with application.app_context():
        counted = instance.part(_totals)
        with _lock:
            totals = list(counted.values())
            counted.clear()
        if totals:
            lost = f"what was delivered of {len(totals)} media and streams could not be counted"
            after_answer.write(lambda: usage.add(totals), lost)


def write_now() -> None:
    """Write what waits for its moment: the process ends."""
    for application, timer in list(_timers.items()):
        timer.cancel()
        _write_due(application)


def later(application: Flask) -> None:
    """See that it is written in a few seconds. Tests put something else in its place."""
    timer = Timer(EVERY_SECONDS, _write_due, [application])
    timer.daemon = True
    _timers[application] = timer
    timer.start()


def _add(grant: MediaGrant | LiveGrant, *, starts: int = 0, pieces: int = 0, seconds: float = 0.0) -> None:
    if grant.is_ours or request.method != "GET":
        return
    playable = grant.playable
    subject = UUID(playable.stream_id) if isinstance(playable, LivePlayable) else playable.media_id
    totals = instance.part(_totals)
    with _lock:
        is_first = not totals
        total = totals.get(subject)
        if total is None:
            total = totals[subject] = Sum(subject, playable.workspace_id, playable.organization_id)
        total.starts += starts
        total.pieces += pieces
        total.seconds += seconds
    if is_first:
        later(after_answer.this_application())


def _write_due(application: Flask) -> None:
    _timers.pop(application, None)
    write(application)
