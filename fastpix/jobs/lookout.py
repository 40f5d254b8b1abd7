"""Whether a worker should ask for a job: an idle one would take SQLite's write lock many times a second for nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastpix.db import db, now, reading
from fastpix.jobs.models import QUEUED, RUNNING, Job

if TYPE_CHECKING:
    from flask import Flask


class Lookout:
    """Of one worker thread, for jobs of some kinds.

    SQLite counts the commits of others (`PRAGMA data_version`, a few microseconds): where nobody wrote, only a job that
    was planned for later can have come due. Elsewhere the queue is read each time, without a lock.
    """

    def __init__(self, app: Flask, kinds: Collection[str]) -> None:
        self._app, self._kinds = app, kinds
        self._commits: int | None = None
        self._due: datetime | None = None
        self._connection: sqlite3.Connection | None = None
        with app.app_context():
            if db.engine.dialect.name == "sqlite" and db.engine.url.database not in (None, "", ":memory:"):
                self._connection = sqlite3.connect(str(db.engine.url.database), check_same_thread=False)

    def sees_a_job(self) -> bool:
        """Whether one of the kinds is due now, or was given up by its worker."""
        if not self._kinds:  # a thread of periodic tasks alone
            return False
        commits = self._count_commits()
        if commits is None or commits != self._commits:
            with self._app.app_context(), reading():
                self._due = _next_due(self._kinds)
                db.session.rollback()
            self._commits = commits  # not before: a look that failed is taken again
        return self._due is not None and self._due <= now()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _count_commits(self) -> int | None:
        """A number that is another one after a commit of somebody else; None where the database has none."""
        if self._connection is None:
            return None
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def _next_due(kinds: Collection[str]) -> datetime | None:
    """When the next job of these kinds may be claimed: a moment in the past, if one may be now. Reads alone."""
    of_kinds = Job.kind.in_(list(kinds))
    waiting = sa.select(sa.func.min(Job.run_at)).where(Job.state == QUEUED, of_kinds)
    held = sa.select(sa.func.min(Job.lease_until)).where(
        Job.state == RUNNING, of_kinds, Job.attempts < Job.max_attempts
    )
    moments = (db.session.scalar(waiting), db.session.scalar(held))
    return min((moment for moment in moments if moment is not None), default=None)
