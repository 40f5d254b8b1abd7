"""Jobs of the small application of these tests: put one into the queue, and look at its row."""

from __future__ import annotations

from fastpix.db import db
from fastpix.jobs import queue
from fastpix.jobs.models import Job


def add(app, kind="k", **more):
    with app.app_context():
        job_id = queue.enqueue(kind, {"n": 1}, **more)
        db.session.commit()
        return job_id


def row(app, job_id):
    with app.app_context():
        return db.session.get(Job, job_id)
