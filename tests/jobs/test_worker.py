"""The worker: transactions, leases, and being killed."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from fastpix.db import db
from fastpix.jobs import queue, worker
from fastpix.jobs.models import DONE, FAILED, QUEUED, RUNNING, Job
from tests.jobs.rows import add, row


def test_a_jobs_changes_and_its_end_are_saved_together(queue_app):
    job_id = add(queue_app)
    assert worker.run_one(queue_app, {"k": lambda args: queue.enqueue("next", args)}, "me")
    with queue_app.app_context():
        assert db.session.scalar(sa.select(Job.args).where(Job.kind == "next")) == {"n": 1}
    assert row(queue_app, job_id).state == DONE


def test_a_failing_job_leaves_no_changes_and_is_planned_anew(queue_app):
    def handler(args):
        queue.enqueue("next", args)
        db.session.flush()
        raise ValueError("broken")

    job_id = add(queue_app)
    worker.run_one(queue_app, {"k": handler}, "me")
    job = row(queue_app, job_id)
    assert (job.state, job.error, job.owner) == (QUEUED, "ValueError: broken", None)
    with queue_app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


def test_giving_up_fails_the_job_at_once(queue_app):
    def handler(_args):
        raise queue.GiveUp("there is no such file")

    job_id = add(queue_app)
    worker.run_one(queue_app, {"k": handler}, "me")
    assert (row(queue_app, job_id).state, row(queue_app, job_id).error) == (FAILED, "there is no such file")


def test_a_database_error_is_noted_without_the_statements_values(queue_app):
    def handler(_args):
        db.session.execute(sa.text("SELECT * FROM nowhere WHERE a = :a"), {"a": "very-secret"})

    job_id = add(queue_app)
    worker.run_one(queue_app, {"k": handler}, "me")
    assert row(queue_app, job_id).error == "OperationalError: no such table: nowhere"


def test_the_handler_runs_in_the_scope_of_the_jobs_organization(queue_app):
    seen, organization = [], uuid4()

    @contextmanager
    def scope(organization_id):
        seen.append(organization_id)
        yield
        seen.append("closed")

    add(queue_app, organization_id=organization)
    worker.run_one(queue_app, {"k": lambda _args: seen.append("ran")}, "me", scope=scope)
    assert seen == [organization, "ran", "closed"]


def test_the_loop_runs_what_is_there_does_periodic_tasks_and_stops(queue_app, eventually):
    def tick():
        queue.enqueue("tick", {})

    def ticks():
        with queue_app.app_context():
            return db.session.scalar(sa.select(sa.func.count()).where(Job.kind == "tick"))

    ids, stop = [add(queue_app) for _ in range(3)], threading.Event()
    thread = threading.Thread(
        target=worker.run,
        args=(queue_app, {"k": lambda _args: None}, stop, 0.05),
        kwargs={"periodic": {tick: 0.05}},
    )
    thread.start()
    try:
        eventually(lambda: all(row(queue_app, job_id).state == DONE for job_id in ids) and ticks() > 1)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_a_periodic_task_that_fails_does_not_stop_the_loop(queue_app, eventually, caplog):
    def broken():
        raise RuntimeError("no")

    job_id, stop = add(queue_app), threading.Event()
    arguments = (queue_app, {"k": lambda _args: None}, stop, 0.05)
    thread = threading.Thread(target=worker.run, args=arguments, kwargs={"periodic": {broken: 60}})
    thread.start()
    try:
        eventually(lambda: row(queue_app, job_id).state == DONE)
    finally:
        stop.set()
        thread.join(10)
    assert "periodic.error task=broken" in caplog.text


def test_the_heartbeat_keeps_a_long_job(queue_app):
    others = []

    def handler(_args):
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            time.sleep(0.1)
        with queue_app.app_context():
            others.append(queue.claim("other", ["k"]))

    job_id = add(queue_app)
    worker.run_one(queue_app, {"k": handler}, "me", lease=timedelta(seconds=1.5))
    assert others == [None] and row(queue_app, job_id).state == DONE and row(queue_app, job_id).attempts == 1


def test_a_lost_lease_is_logged_and_undoes_the_losers_changes(queue_app, caplog):
    def handler(args):
        with queue_app.app_context():
            statement = sa.update(Job).where(Job.id == job_id).values(owner="somebody else")
            db.session.execute(statement)
            db.session.commit()
        queue.enqueue("next", args)

    job_id = add(queue_app)
    caplog.set_level(logging.INFO, "fastpix.jobs")
    worker.run_one(queue_app, {"k": handler}, "me")
    assert "job.lease_lost" in caplog.text and "job.abandoned" in caplog.text
    job = row(queue_app, job_id)
    assert (job.state, job.owner) == (RUNNING, "somebody else")
    with queue_app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


CHILD = """
import sys, threading, time
sys.path.insert(0, sys.argv[3])
from datetime import timedelta
from pathlib import Path
from conftest import make_app
from fastpix.jobs import worker

def hang(args):
    Path(sys.argv[2]).write_text("running")
    time.sleep(60)

worker.run(make_app(sys.argv[1]), {"k": hang}, threading.Event(), 0.05, lease=timedelta(seconds=1))
"""


def test_a_job_whose_worker_was_killed_runs_again_after_the_lease(queue_app, tmp_path, eventually):
    job_id, mark = add(queue_app), tmp_path / "mark"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, tmp_path / "queue.db", mark, Path(__file__).parent], stderr=subprocess.DEVNULL
    )
    try:
        eventually(mark.exists)
        assert row(queue_app, job_id).state == RUNNING
    finally:
        child.kill()
        child.wait()
    ran = []
    eventually(lambda: worker.run_one(queue_app, {"k": ran.append}, "heir"))
    job = row(queue_app, job_id)
    assert ran == [{"n": 1}] and (job.state, job.attempts) == (DONE, 2)


@pytest.mark.parametrize("attempts", [1, queue.MAX_ATTEMPTS])
def test_a_handler_can_ask_whether_this_is_the_last_attempt(queue_app, attempts):
    said, job_id = [], add(queue_app)
    with queue_app.app_context():
        db.session.execute(sa.update(Job).where(Job.id == job_id).values(attempts=attempts - 1))
        db.session.commit()
    worker.run_one(queue_app, {"k": lambda _args: said.append(queue.is_last_attempt())}, "me")
    assert said == [attempts == queue.MAX_ATTEMPTS] and not queue.is_last_attempt()
