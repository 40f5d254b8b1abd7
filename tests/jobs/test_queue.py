"""The rules of the queue, without a worker loop."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from fastpix.db import db, now
from fastpix.jobs import queue
from fastpix.jobs.models import DONE, FAILED, QUEUED, Job
from tests.jobs.rows import add, row


def change(app, job_id, **values):
    with app.app_context():
        db.session.execute(sa.update(Job).where(Job.id == job_id).values(**values))
        db.session.commit()


def test_a_job_exists_only_if_the_callers_transaction_commits(queue_app):
    with queue_app.app_context():
        queue.enqueue("k", {})
        db.session.rollback()
        assert queue.claim("me", ["k"]) is None


def test_a_claimed_job_carries_its_row_and_is_not_claimed_again(queue_app):
    organization = uuid4()
    job_id = add(queue_app, organization_id=organization)
    with queue_app.app_context():
        claimed = queue.claim("me", ["k"])
        assert claimed == queue.Claimed(job_id, "k", {"n": 1}, organization, 1, "me")
        assert queue.claim("you", ["k"]) is None


def test_the_oldest_ready_job_comes_first_and_others_wait_for_their_time_or_their_worker(queue_app):
    second, first = add(queue_app), add(queue_app, run_at=now() - timedelta(minutes=1))
    add(queue_app, run_at=now() + timedelta(minutes=1))
    add(queue_app, kind="unknown")
    with queue_app.app_context():
        claims = [queue.claim("me", ["k"]) for _ in range(3)]
    assert [c and c.id for c in claims] == [first, second, None]


def test_an_expired_lease_lets_another_worker_in_and_the_first_can_change_nothing(queue_app):
    job_id = add(queue_app)
    with queue_app.app_context():
        lost = queue.claim("slow", ["k"], lease=timedelta(seconds=-1))
        taken = queue.claim("quick", ["k"])
        assert taken.id == job_id and taken.attempts == 2
        assert not queue.renew(lost) and not queue.fail(lost, "late")
        queue.enqueue("side-effect", {})
        assert not queue.finish(lost)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1, "the loser's changes are undone"
        assert queue.renew(taken) and queue.finish(taken)
    assert row(queue_app, job_id).state == DONE


def test_failing_pauses_longer_each_time_and_stays_as_failed_in_the_end(queue_app):
    job_id, pauses = add(queue_app), []
    for attempt in range(1, queue.MAX_ATTEMPTS + 1):
        with queue_app.app_context():
            claimed = queue.claim("me", ["k"])
            assert claimed.attempts == attempt and claimed.is_last_attempt == (attempt == queue.MAX_ATTEMPTS)
            queue.fail(claimed, "no luck")
        job = row(queue_app, job_id)
        pauses.append((job.run_at - now()).total_seconds())
        if attempt < queue.MAX_ATTEMPTS:
            assert job.state == QUEUED
            change(queue_app, job_id, run_at=now())
    assert (job.state, job.error, job.finished_at is not None) == (FAILED, "no luck", True)
    assert 7 < pauses[0] < 13 and pauses[0] < pauses[1] < pauses[2] < pauses[3] < pauses[4] < pauses[5]
    with queue_app.app_context():
        assert queue.claim("me", ["k"]) is None


def test_the_pause_after_the_last_planned_one_repeats():
    assert queue.pause(11) > timedelta(hours=2)


def test_a_failed_job_can_be_tried_again_and_only_a_failed_one(queue_app):
    job_id = add(queue_app)
    with queue_app.app_context():
        assert not queue.retry(job_id)
        queue.fail(queue.claim("me", ["k"]), "no", permanent=True)
        assert queue.retry(job_id)
        db.session.commit()
        assert queue.claim("me", ["k"]).attempts == 1


def test_a_job_whose_worker_died_at_the_last_attempt_is_failed(queue_app):
    job_id = add(queue_app)
    change(queue_app, job_id, attempts=queue.MAX_ATTEMPTS - 1)
    with queue_app.app_context():
        queue.claim("me", ["k"], lease=timedelta(seconds=-1))
        assert queue.claim("you", ["k"]) is None
        assert queue.bury() == 1
    assert row(queue_app, job_id).state == FAILED


def test_done_jobs_go_after_a_week_and_failed_ones_stay(queue_app):
    old, recent, failed = add(queue_app), add(queue_app), add(queue_app)
    change(queue_app, old, state=DONE, finished_at=now() - timedelta(days=8))
    change(queue_app, recent, state=DONE, finished_at=now() - timedelta(days=6))
    change(queue_app, failed, state=FAILED, finished_at=now() - timedelta(days=80))
    with queue_app.app_context():
        assert queue.prune() == 1
    assert row(queue_app, old) is None and row(queue_app, recent) and row(queue_app, failed)


@pytest.mark.parametrize("workers", [2, 6])
def test_workers_that_claim_at_once_never_get_the_same_job(queue_app, workers):
    wanted = {add(queue_app) for _ in range(40)}
    got, start = [], threading.Barrier(workers)

    def work(name):
        start.wait(10)
        while True:
            with queue_app.app_context():
                claimed = queue.claim(name, ["k"])
                if claimed is None:
                    return
                got.append(claimed.id)
                assert queue.finish(claimed)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == 40 and set(got) == wanted
