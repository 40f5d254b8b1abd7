"""The loop that runs background jobs, one at a time, each in its own transaction."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy.exc import DBAPIError

from fastpix.db import db
from fastpix.jobs import clock, lookout, queue
from fastpix.jobs.queue import LEASE, Claimed, GiveUp, Interrupted

Handler = Callable[[Mapping[str, Any]], None]
Scope = Callable[[UUID | None], AbstractContextManager[object]]
Periodic = Mapping[Callable[[], object], float]

log = logging.getLogger("fastpix.jobs")

# What is done besides, and every how many seconds.
PERIODIC: Periodic = {queue.bury: 60, clock.catch_up: 60, queue.prune: 3600}


def no_scope(_organization_id: UUID | None) -> AbstractContextManager[object]:
    """The scope of a worker whose jobs touch no organization's rows."""
    return nullcontext()


def run(
    app: Flask,
    handlers: Mapping[str, Handler],
    stop: threading.Event,
    poll_seconds: float = 0.5,
    *,
    lease: timedelta = LEASE,
    periodic: Periodic = PERIODIC,
    scope: Scope = no_scope,
) -> None:
    """Run jobs until `stop` is set; the job in hand is finished first, unless it heeds `queue.should_stop`.

    `scope` opens the organization named by the job's row (or none) around its handler.
    """
    owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid4().hex[:8]}"
    due = dict.fromkeys(periodic, 0.0)
    log.info("worker.start owner=%s kinds=%s", owner, ",".join(sorted(handlers)))
    look_out = lookout.Lookout(app, handlers.keys())
    while not stop.is_set():
        try:
            _run_periodic(app, periodic, due)
            is_idle = not (look_out.sees_a_job() and run_one(app, handlers, owner, lease=lease, scope=scope, stop=stop))
        except Exception:
            # The database may be away for a while; a worker that dies of that would have to be watched by somebody.
            log.exception("worker.trouble owner=%s", owner)
            stop.wait(5)
            continue
        if is_idle:
            stop.wait(poll_seconds)
    look_out.close()
    log.info("worker.stop owner=%s", owner)


def run_one(
    app: Flask,
    handlers: Mapping[str, Handler],
    owner: str,
    *,
    lease: timedelta = LEASE,
    scope: Scope = no_scope,
    stop: threading.Event | None = None,
) -> bool:
    """Claim one job and run it. False: there was nothing to do."""
    with app.app_context():
        claimed = queue.claim(owner, handlers.keys(), lease=lease)
    if claimed is None:
        return False
    started = time.monotonic()
    with _heartbeat(app, claimed, lease), app.app_context(), queue.running(claimed, stop):
        outcome = _attempt(handlers[claimed.kind], claimed, scope)
    log.info(
        "job.%s id=%s kind=%s organization_id=%s attempt=%d seconds=%.2f",
        outcome,
        claimed.id,
        claimed.kind,
        claimed.organization_id,
        claimed.attempts,
        time.monotonic() - started,
    )
    return True


def _attempt(handler: Handler, claimed: Claimed, scope: Scope) -> str:
    """Run the handler and settle the job's row. Returns the outcome in one word."""
    try:
        with scope(claimed.organization_id):
            handler(claimed.args)
            db.session.flush()  # what the handler wrote is checked while its scope is open
        return "done" if queue.finish(claimed) else _lost(claimed)
    except Interrupted:
        db.session.rollback()
        return "interrupted" if queue.put_back(claimed) else _lost(claimed)
    except GiveUp as refusal:
        db.session.rollback()
        is_ours = queue.fail(claimed, str(refusal), permanent=True)
        return "failed" if is_ours else _lost(claimed)
    except Exception as problem:
        db.session.rollback()
        log.warning("job.error id=%s kind=%s", claimed.id, claimed.kind, exc_info=True)
        is_ours = queue.fail(claimed, _words(problem))
        return ("failed" if claimed.is_last_attempt else "postponed") if is_ours else _lost(claimed)


def _lost(claimed: Claimed) -> str:
    log.warning("job.lease_lost id=%s kind=%s owner=%s", claimed.id, claimed.kind, claimed.owner)
    return "abandoned"


def _words(problem: Exception) -> str:
    # str() of a database error carries the statement's values, which may be secrets; the driver's own words do not.
    words = problem.orig if isinstance(problem, DBAPIError) else problem
    return f"{type(problem).__name__}: {words}"


@contextmanager
def _heartbeat(app: Flask, claimed: Claimed, lease: timedelta) -> Iterator[None]:
    """Inside, a thread renews the lease three times as often as needed."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(lease.total_seconds() / 3):
            try:
                with app.app_context():
                    is_ours = queue.renew(claimed, lease=lease)
            except Exception:
                log.warning("job.renew_failed id=%s", claimed.id, exc_info=True)
                continue
            if not is_ours:
                claimed.is_lost.set()
                if not is_over.is_set():
                    _lost(claimed)
                return

    thread = threading.Thread(target=beat, name=f"heartbeat-{claimed.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _run_periodic(app: Flask, periodic: Periodic, due: dict[Callable[[], object], float]) -> None:
    for task, seconds in periodic.items():
        if time.monotonic() < due[task]:
            continue
        due[task] = time.monotonic() + seconds
        with app.app_context():
            try:
                task()
                db.session.commit()
            except Exception:
                db.session.rollback()
                log.exception("periodic.error task=%s", getattr(task, "__name__", task))
