"""The programs of an instance: web server, worker and live ingest, each in the foreground until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from fastpix.config import encoder_addresses, instance_lock
from fastpix.config.parsers import OFF
from fastpix.config.settings import Settings
from fastpix.errors import Misconfigured
from fastpix.monitoring import logs

if TYPE_CHECKING:
    from flask import Flask

GRACEFUL_SECONDS = 20  # that requests under way have when the web server is told to end
QUICK_THREADS = 2  # a mail server that does not answer must not hold up everything else
NOTIFYING_THREADS = 2  # nor a receiver of webhooks that takes its ten seconds
INCOMING_THREADS = 3  # nor may three slow downloads hold up processing
APPLICATION = "fastpix.processes.programs:application()"
# What the web server was started with: a process that is started again later must not read other settings than the rest.
_given: Settings | None = None


def application() -> Flask:
    """The application of a web process. Raises `Misconfigured`."""
    from fastpix.app import create_app

    return create_app(_given)


def web(settings: Settings, served: str = APPLICATION) -> None:
    """Serve until SIGTERM or SIGINT: this process becomes gunicorn's master. Ends by `SystemExit`."""
    global _given  # gunicorn finds the application by its name
    _given = settings
    from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]  # gunicorn ships no types

    sys.argv = ["fastpix web", *web_options(settings), served]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


def web_options(settings: Settings) -> list[str]:
    """What gunicorn is told on its command line."""
    options = {
        "--config": "python:fastpix.processes.gunicorn_config",
        "--workers": settings.web_workers,
        "--threads": settings.web_threads,
        "--worker-class": "gthread",
        "--worker-connections": 512,
        "--graceful-timeout": GRACEFUL_SECONDS,
        # A browser sends the cookies of all that runs on this host and its parents: up to 16 kB were seen.
        "--limit-request-field_size": 32768,
        # The most that gunicorn takes; a playback token alone may have 4096 characters.
        "--limit-request-line": 8190,
        "--bind": settings.bind,
        "--log-level": settings.log_level,
    }
    # Without the last flag gunicorn opens a socket for commands in the home folder.
    return [*(str(part) for pair in options.items() for part in pair), "--no-control-socket"]


def live(settings: Settings) -> int:
    """Take live streams in until SIGTERM or SIGINT. Returns the exit code."""
    from fastpix.app import create_app
    from fastpix.live import ingest

    if {settings.live_bind, settings.live_callbacks, encoder_addresses.srt_listening(settings)} == {OFF}:
        raise Misconfigured("FASTPIX_LIVE_BIND and FASTPIX_LIVE_CALLBACKS are both off: there is nothing to take in.")
    logs.configure(settings.log_level, settings.log_format)
    instance_lock.share(settings.instance_path)
    with instance_lock.only_ingest(settings.instance_path):
        return ingest.run(create_app(settings), settings)


def worker(settings: Settings) -> int:
    """Run jobs in the foreground until SIGTERM or SIGINT; the jobs in hand are finished. Returns the exit code."""
    from fastpix import resources
    from fastpix.app import create_app
    from fastpix.jobs import worker as jobs

    app = create_app(settings)
    logs.configure(settings.log_level, settings.log_format)
    instance_lock.share(settings.instance_path)
    stop = threading.Event()
    # The main thread never waits on `stop`: a signal handler that sets an event its own thread waits on can hang.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    lanes = [
        (resources.QUICK, QUICK_THREADS),
        (resources.INCOMING, INCOMING_THREADS),
        (resources.NOTIFYING, NOTIFYING_THREADS),
        (resources.TRANSCODING, settings.transcode_jobs),
        (resources.LISTENING, 0 if _cannot_listen(app) else 1),
    ]
    options = {"scope": scope, "lease": timedelta(seconds=settings.job_lease_seconds)}
    threads = [
        threading.Thread(target=jobs.run, args=(app, lane, stop), kwargs={"periodic": {}, **options})
        for lane, count in lanes
        for _ in range(count)
    ]
    for periodic in _periodic():
        threads.append(threading.Thread(target=jobs.run, args=(app, {}, stop), kwargs={"periodic": periodic}))
    for thread in threads:
        thread.start()
    while all(thread.is_alive() for thread in threads):
        threads[0].join(0.5)
    is_asked = stop.is_set()
    stop.set()
    for thread in threads:
        thread.join()
    return 0 if is_asked else 1


def _cannot_listen(app: Flask) -> str:
    """Why no captions can be made by this worker; another one, with the model, may take them then."""
    from fastpix.video import speech

    with app.app_context():
        return speech.missing()


def _periodic() -> list[Mapping[Callable[[], object], float]]:
    """What the worker does every so many seconds, by threads: broadcasts never wait for anything else."""
    from fastpix.accounts import known_devices, recovery, sessions
    from fastpix.jobs import worker as jobs
    from fastpix.mail import outbox, unsent
    from fastpix.resources.access_review import jobs as review_jobs
    from fastpix.resources.audit import jobs as audit_jobs
    from fastpix.resources.live_streams import jobs as live
    from fastpix.resources.live_streams.viewers import domain as viewers
    from fastpix.resources.media import jobs as media_jobs
    from fastpix.resources.media.tracks import jobs as tracks_jobs
    from fastpix.resources.media.uploads import lifecycle as uploads
    from fastpix.resources.members.until import jobs as until_jobs
    from fastpix.resources.usage import jobs as usage_jobs
    from fastpix.resources.webhooks import jobs as webhook_jobs
    from fastpix.resources.webhooks.deliveries import jobs as delivery_jobs
    from fastpix.web import idempotency

    pruning: dict[Callable[[], object], float] = {idempotency.prune: 3600, sessions.prune: 3600, recovery.prune: 3600}
    pruning |= {webhook_jobs.prune: 3600, known_devices.prune: 86400, viewers.prune: 86400}
    counting: dict[Callable[[], object], float] = {usage_jobs.measure: 3600, usage_jobs.add_up: 60}
    counting |= {usage_jobs.roll: 3600}
    return [
        {
            **jobs.PERIODIC,
            **pruning,
            **counting,
            outbox.prune: 86400,
            unsent.settle: 60,
            uploads.expire: 60,
            audit_jobs.expire: 3600,
            review_jobs.remind: 3600,
            until_jobs.remind: 3600,
            media_jobs.fail_abandoned: 20,
            tracks_jobs.fail_abandoned: 20,
            delivery_jobs.fail_abandoned: 20,
        },
        {live.sweep: 1, live.tidy: 20, viewers.sample: 60},
    ]


def scope(organization_id: UUID | None) -> AbstractContextManager[object]:
    """A job acts as the worker, within the organization its row names."""
    from fastpix.access import principal

    return principal.acting(principal.system("worker", organization_id))
