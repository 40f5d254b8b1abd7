"""What an operator watches of an instance, as numbers: jobs, mails, uploads, live streams, stored bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from fastpix import resources
from fastpix.jobs import queue
from fastpix.jobs.models import FAILED, QUEUED, RUNNING
from fastpix.mail import outbox
from fastpix.resources.live_streams import jobs as live
from fastpix.resources.media import storage_check
from fastpix.resources.media.uploads import domain as uploads
from fastpix.storage import instance as storage
from fastpix.web.metrics.measure import Measure

# Adding up a million sizes takes a moment, and nobody watches them by the second.
BYTES_SECONDS = 60.0
KINDS = tuple(sorted({**resources.QUICK, **resources.INCOMING, **resources.TRANSCODING, **resources.NOTIFYING}))
STATES = {QUEUED: "waiting", RUNNING: "running", FAILED: "failed"}
_bytes: list[float] = [-BYTES_SECONDS, 0]


def take() -> Iterator[Measure]:
    """All measures of this moment. Needs an application context."""
    jobs = _jobs()
    yield Measure("fastpix_jobs", "Background jobs; failed ones gave up.", ("kind", "state"), jobs)
    yield _one("fastpix_jobs_late_seconds", "How long the job waits that should begin first.", queue.seconds_late())
    webhooks = jobs["webhooks.deliver", "waiting"] + jobs["webhooks.deliver", "running"]
    yield _one("fastpix_webhooks_waiting", "Deliveries of webhooks under way.", webhooks)
    yield _one("fastpix_mails_waiting", "Mails of the outbox that are to be sent.", outbox.waiting_count())
    yield _one("fastpix_uploads_open", "Uploads that wait for their last byte.", uploads.open_count())
    yield _one("fastpix_live_streams_on_air", "Live streams on air.", live.on_air_count())
    yield _one("fastpix_media_bytes", "Bytes of all media, originals included.", _media_bytes())
    if (free := storage.get().free_bytes()) is not None:
        yield _one("fastpix_storage_free_bytes", "Bytes free where the media lie.", free)


def _one(name: str, text: str, value: float) -> Measure:
    return Measure(name, text, (), {(): float(value)})


def _jobs() -> dict[tuple[str, ...], float]:
    """By kind and state; also those there are none of, so that an alarm sees a zero and not a gap."""
    found: dict[tuple[str, ...], float] = {(kind, state): 0.0 for kind in KINDS for state in STATES.values()}
    for kind, state, count in queue.census():
        found[kind, STATES[state]] = float(count)
    return found


def _media_bytes() -> float:
    if time.monotonic() - _bytes[0] > BYTES_SECONDS:
        _bytes[:] = [time.monotonic(), storage_check.stored_bytes()]
    return _bytes[1]
