"""The worker, in the test's own process: takes up job after job until none is due."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from fastpix import resources
from fastpix.db import set_reading
from fastpix.jobs import worker
from fastpix.jobs.models import Job
from fastpix.processes import programs


def work(world, *kinds, most=20):
    """Run what is due, at most `most` jobs. Returns how many ran."""
    everything = resources.QUICK | resources.INCOMING | resources.TRANSCODING | resources.NOTIFYING
    everything |= resources.LISTENING
    handlers = {kind: handler for kind, handler in everything.items() if not kinds or kind in kinds}
    set_reading(False)
    done = 0
    while done < most and worker.run_one(world.app, handlers, "the test", scope=programs.scope, stop=threading.Event()):
        done += 1
    return done


def jobs(world):
    """All jobs as {kind, state, error, attempts}."""
    with world.session() as session:
        return [
            {"kind": job.kind, "state": job.state, "error": job.error, "attempts": job.attempts}
            for job in session.scalars(sa.select(Job).order_by(Job.created_at))
        ]
