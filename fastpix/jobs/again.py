"""Many jobs run at once again, as after a repair: those that wait for their next attempt, and those that gave up."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db, now
from fastpix.jobs.models import FAILED, QUEUED, RUNNING, Job


def hasten(job_ids: Collection[UUID]) -> set[UUID]:
    """Run these now, in the caller's transaction; which of them are under way then: the others are done, or gone."""
    here = Job.id.in_(list(job_ids))
    waiting = sa.update(Job).where(here, Job.state == QUEUED).values(run_at=now())
    anew = {"state": QUEUED, "run_at": now(), "attempts": 0, "error": None, "finished_at": None, "owner": None}
    for statement in (waiting, sa.update(Job).where(here, Job.state == FAILED).values(**anew)):
        db.session.execute(statement.execution_options(synchronize_session=False))
    return set(db.session.scalars(sa.select(Job.id).where(here, Job.state.in_((QUEUED, RUNNING)))))
