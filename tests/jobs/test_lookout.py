"""An idle worker asks nothing of the database until somebody wrote, and misses nothing that comes due."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from fastpix.db import db, now
from fastpix.jobs import lookout, queue
from fastpix.jobs.lookout import Lookout
from tests.jobs.rows import add


@pytest.fixture
def look_out(queue_app):
    made = Lookout(queue_app, ["k"])
    yield made
    made.close()


@pytest.fixture
def statements(queue_app):
    said = []
    with queue_app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    return said


def test_nothing_is_read_until_somebody_writes(queue_app, look_out, statements):
    assert not look_out.sees_a_job()
    read = len(statements)
    assert read and not any(look_out.sees_a_job() for _ in range(5))
    assert len(statements) == read
    add(queue_app, kind="another")
    assert not look_out.sees_a_job() and not look_out.sees_a_job()
    add(queue_app)
    assert look_out.sees_a_job() and look_out.sees_a_job()


def test_what_is_seen_is_not_locked_and_what_another_took_is_not_seen(queue_app, look_out, statements):
    add(queue_app)
    statements.clear()
    assert look_out.sees_a_job()
    assert statements and not any("IMMEDIATE" in statement or "UPDATE" in statement for statement in statements)
    with queue_app.app_context():
        assert queue.claim("another", ["k"])
    assert not look_out.sees_a_job()


def test_what_is_planned_comes_due_though_nobody_writes(queue_app, look_out, monkeypatch):
    with queue_app.app_context():
        queue.enqueue("k", {}, run_at=now() + timedelta(seconds=30))
        db.session.commit()
    assert not look_out.sees_a_job()
    monkeypatch.setattr(lookout, "now", lambda: now() + timedelta(seconds=31))
    assert look_out.sees_a_job()


def test_what_its_worker_gave_up_is_seen_when_its_lease_ends(queue_app, look_out, monkeypatch):
    add(queue_app)
    with queue_app.app_context():
        assert queue.claim("dead", ["k"], lease=timedelta(seconds=10))
    assert not look_out.sees_a_job()
    monkeypatch.setattr(lookout, "now", lambda: now() + timedelta(seconds=11))
    assert look_out.sees_a_job()


def test_a_look_that_failed_is_taken_again_though_nobody_writes(queue_app, look_out, monkeypatch):
    """The database was away for a moment: what was written before is still to be seen."""

    def fail(_kinds):
        raise RuntimeError("away")

    add(queue_app)
    with monkeypatch.context() as broken, pytest.raises(RuntimeError, match="away"):
        broken.setattr(lookout, "_next_due", fail)
        look_out.sees_a_job()
    assert look_out.sees_a_job()


def test_without_kinds_nothing_is_asked(queue_app, statements):
    look_out = Lookout(queue_app, [])
    assert not look_out.sees_a_job() and statements == []
    look_out.close()
