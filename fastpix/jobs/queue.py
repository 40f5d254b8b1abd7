"""The queue of background jobs in the application's own database: nothing is lost when a worker is killed.

A job runs at least once, so a handler must bear being run again. `enqueue` and `retry` belong to the caller's
transaction; everything else is called by the worker, outside a request, and commits by itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from fastpix.db import affected_rows, db, now
from fastpix.jobs.models import DONE, FAILED, QUEUED, RUNNING, Job

LEASE = timedelta(seconds=15)
MAX_ATTEMPTS = 12
# Seconds to wait after the first, second, ... failed attempt; the last pause repeats. In all about 21 hours.
PAUSES = (10, 30, 120, 600, 1800, 3600, 10800)
KEEP_DONE = timedelta(days=7)
ERROR_LENGTH = 2000
# How often a running job looks whether anybody still wants it.
LOOK_SECONDS = 1.0


class GiveUp(Exception):
    """Raised by a handler: trying again cannot help. The message is kept on the job's row."""


class Interrupted(Exception):
    """Raised by a handler that was told to stop (`should_stop`): the job goes back as if it had not begun."""


@dataclass(frozen=True)
class Claimed:
    """A job that `owner` may run until its lease ends; `attempts` counts this one."""

    id: UUID
    kind: str
    args: Mapping[str, Any]
    organization_id: UUID | None
    attempts: int
    owner: str
    max_attempts: int = MAX_ATTEMPTS
    # Set when another worker took the job over: what is done here from then on counts for nothing.
    is_lost: threading.Event = field(default_factory=threading.Event, compare=False)

    @property
    def is_last_attempt(self) -> bool:
        return self.attempts >= self.max_attempts


@dataclass
class _Running:
    """What runs here, and whether what it is done for is still there, which is looked up so often."""

    claimed: Claimed
    stop: threading.Event
    is_wanted: Callable[[], bool] = lambda: True
    looked_at: float = 0.0
    is_called_off: bool = False

    def should_stop(self) -> bool:
        if self.claimed.is_lost.is_set() or self.stop.is_set():
            return True
        if not self.is_called_off and time.monotonic() - self.looked_at >= LOOK_SECONDS:
            self.looked_at = time.monotonic()
            self.is_called_off = not self.is_wanted()
        return self.is_called_off


_running: ContextVar[_Running | None] = ContextVar("fastpix_jobs_running", default=None)


@contextmanager
def running(claimed: Claimed, stop: threading.Event | None = None) -> Iterator[None]:
    """Inside, `is_last_attempt()` and `should_stop()` speak of this job; `stop` is set when the worker is to end."""
    token = _running.set(_Running(claimed, stop or threading.Event()))
    try:
        yield
    finally:
        _running.reset(token)


@contextmanager
def while_wanted(is_wanted: Callable[[], bool]) -> Iterator[None]:
    """Inside, `should_stop()` is also true once this says no: nobody waits for work on what was deleted meanwhile.

    It is asked at most once a second, with no transaction open, by the thread that asks whether to stop.
    """
    here = _running.get()
    if here is not None:
        here.is_wanted, here.looked_at = is_wanted, time.monotonic()
    yield


def facts() -> dict[str, Any]:
    """What the log says of the job that is running here: its id and kind."""
    here = _running.get()
    return {} if here is None else {"job_id": here.claimed.id, "job_kind": here.claimed.kind}


def attempt() -> int:
    """Which attempt at the running job this is, from 1."""
    here = _running.get()
    return here.claimed.attempts if here is not None else 1


def should_stop() -> bool:
    """Whether the job that is running here is to break off: its worker ends, another one has it now, or nobody wants it.

    A handler of long work asks again and again, and raises `Interrupted`.
    """
    here = _running.get()
    return here is not None and here.should_stop()


def is_ours() -> bool:
    """Whether nobody took over the job that is running here; none can until the caller's transaction ends."""
    here = _running.get()
    return here is None or _change(here.claimed, owner=here.claimed.owner)


def stopper() -> Callable[[], bool]:
    """`should_stop` of the job that is running here, for threads that do not know which job that is."""
    here = _running.get()
    return lambda: here is not None and here.should_stop()


def is_last_attempt() -> bool:
    """Whether the job that is running here will not be tried again if it fails now."""
    here = _running.get()
    return here is not None and here.claimed.is_last_attempt


def enqueue(
    kind: str,
    args: Mapping[str, Any],
    *,
    organization_id: UUID | None = None,
    run_at: datetime | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> UUID:
    """Write a job through the caller's transaction: it exists exactly if that transaction commits."""
    job = Job(
        id=uuid4(),
        kind=kind,
        args=dict(args),
        organization_id=organization_id,
        state=QUEUED,
        run_at=run_at or now(),
        attempts=0,
        max_attempts=max_attempts,
    )
    db.session.add(job)
    return job.id


def claim(owner: str, kinds: Collection[str], *, lease: timedelta = LEASE) -> Claimed | None:
    """Take the job that has waited longest: one that is ready, or one whose worker's lease ran out."""
    moment = now()
    ready = sa.and_(Job.state == QUEUED, Job.run_at <= moment)
    abandoned = sa.and_(Job.state == RUNNING, Job.lease_until < moment, Job.attempts < Job.max_attempts)
    candidate = (
        sa.select(Job.id)
        .where(Job.kind.in_(list(kinds)), sa.or_(ready, abandoned))
        .order_by(Job.run_at)
        .limit(1)
        .with_for_update(skip_locked=True)  # left out by SQLAlchemy on SQLite, where BEGIN IMMEDIATE does it
        .scalar_subquery()
    )
    statement = (
        sa.update(Job)
        .where(Job.id == candidate)
        .values(state=RUNNING, owner=owner, lease_until=moment + lease, attempts=Job.attempts + 1)
        .returning(Job.id, Job.kind, Job.args, Job.organization_id, Job.attempts, Job.max_attempts)
        .execution_options(synchronize_session=False)
    )
    row = db.session.execute(statement).one_or_none()
    db.session.commit()
    if row is None:
        return None
    return Claimed(row.id, row.kind, row.args, row.organization_id, row.attempts, owner, row.max_attempts)


def renew(claimed: Claimed, *, lease: timedelta = LEASE) -> bool:
    """Keep the job for another lease. False: it is not ours any more."""
    is_ours = _change(claimed, lease_until=now() + lease)
    db.session.commit()
    return is_ours


def finish(claimed: Claimed) -> bool:
    """Mark the job done and commit, together with what the handler left in the session.

    False: the lease was lost; then everything is rolled back, because another worker does the job.
    """
    is_ours = _change(claimed, state=DONE, error=None, lease_until=None, finished_at=now())
    if is_ours:
        db.session.commit()
    else:
        db.session.rollback()
    return is_ours


def put_back(claimed: Claimed) -> bool:
    """Queue an interrupted job again, for any worker and at once; the attempt does not count. False: not ours."""
    values = {"state": QUEUED, "lease_until": None, "owner": None, "run_at": now(), "attempts": Job.attempts - 1}
    is_ours = _change(claimed, **values)
    db.session.commit()
    return is_ours


def fail(claimed: Claimed, error: str, *, permanent: bool = False) -> bool:
    """Note a failed attempt and plan the next one; after the last one the row stays, `failed`. False: not ours."""
    error = error[:ERROR_LENGTH]
    if permanent or claimed.is_last_attempt:
        is_ours = _change(claimed, state=FAILED, error=error, lease_until=None, finished_at=now())
    else:
        run_at = now() + pause(claimed.attempts)
        is_ours = _change(claimed, state=QUEUED, error=error, lease_until=None, owner=None, run_at=run_at)
    db.session.commit()
    return is_ours


def pause(attempts: int) -> timedelta:
    """How long to wait after that many attempts. The jitter keeps jobs that failed together from coming together."""
    seconds = PAUSES[min(attempts, len(PAUSES)) - 1]
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))


def retry(job_id: UUID) -> bool:
    """Queue a failed job anew, in the caller's transaction. False: it is not a failed job."""
    statement = (
        sa.update(Job)
        .where(Job.id == job_id, Job.state == FAILED)
        .values(state=QUEUED, run_at=now(), attempts=0, error=None, finished_at=None, owner=None)
    )
    return affected_rows(statement) == 1


def census() -> list[tuple[str, str, int]]:
    """How many jobs there are of each kind in each state but done: (kind, state, count)."""
    counted = sa.select(Job.kind, Job.state, sa.func.count()).where(Job.state.in_((QUEUED, RUNNING, FAILED)))
    return [(kind, state, count) for kind, state, count in db.session.execute(counted.group_by(Job.kind, Job.state))]


def gave_up(most: int) -> list[Job]:
    """The jobs that gave up last, newest first."""
    failed = sa.select(Job).where(Job.state == FAILED).order_by(Job.finished_at.desc(), Job.id).limit(most)
    return list(db.session.scalars(failed))


def find(job_id: UUID) -> Job | None:
    return db.session.get(Job, job_id)


def forget(job_id: UUID) -> bool:
    """Delete a failed job whose work another one does, in the caller's transaction. False: it is not a failed job."""
    return affected_rows(sa.delete(Job).where(Job.id == job_id, Job.state == FAILED)) == 1


def seconds_late() -> float:
    """How long ago the job should have begun that has waited longest; 0 where none waits."""
    oldest = db.session.scalar(sa.select(sa.func.min(Job.run_at)).where(Job.state == QUEUED, Job.run_at < now()))
    return (now() - oldest).total_seconds() if oldest else 0.0


def prune() -> int:
    """Delete jobs that were done more than a week ago; failed ones stay. Returns how many went."""
    count = affected_rows(sa.delete(Job).where(Job.state == DONE, Job.finished_at < now() - KEEP_DONE))
    db.session.commit()
    return count


def bury() -> int:
    """Fail the jobs whose last attempt ended with the death of its worker: nobody would claim them again."""
    moment = now()
    statement = (
        sa.update(Job)
        .where(Job.state == RUNNING, Job.lease_until < moment, Job.attempts >= Job.max_attempts)
        .values(state=FAILED, error="The worker died while it ran this job.", lease_until=None, finished_at=moment)
    )
    count = affected_rows(statement)
    db.session.commit()
    return count


def _change(claimed: Claimed, **values: Any) -> bool:
    mine = (Job.id == claimed.id, Job.state == RUNNING, Job.owner == claimed.owner)
    return affected_rows(sa.update(Job).where(*mine).values(**values)) == 1
