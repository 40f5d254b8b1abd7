"""Jobs that were queued, or leased, by a clock that was ahead: once it is set back they would wait as long as that."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from fastpix.db import CLOCKS_DIFFER, affected_rows, db, now
from fastpix.jobs.models import QUEUED, RUNNING, Job

# As long as FASTPIX_JOB_LEASE_SECONDS may be, and a bit.
LONGEST_LEASE = timedelta(seconds=630)


def catch_up() -> int:
    """Take them for what is due now. Returns how many there were."""
    moment = now()
    queued = sa.update(Job).where(Job.state == QUEUED, Job.created_at > moment + CLOCKS_DIFFER)
    # A worker that lives renews its lease at once.
    leased = sa.update(Job).where(Job.state == RUNNING, Job.lease_until > moment + LONGEST_LEASE)
    count = affected_rows(queued.values(run_at=moment, created_at=moment))
    count += affected_rows(leased.values(lease_until=moment))
    db.session.commit()
    return count
