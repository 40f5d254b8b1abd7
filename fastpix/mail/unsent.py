"""Mails that were not sent: why, by reason; what an operator does about it; and sending them once that is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fastpix.db import affected_rows, db, now
from fastpix.jobs import again, queue
from fastpix.jobs.models import QUEUED, RUNNING, Job
from fastpix.mail import smtp
from fastpix.mail.models import FAILED, WAITING, Mail
from fastpix.mail.outbox import JOB, said

LATELY = timedelta(days=7)
# Of mails from before this was kept, whose job nobody knows.
LONGEST = timedelta(days=2)
AT_ONCE = 500
REPAIRED = "Then run `fastpix mail retry`."


@dataclass(frozen=True)
class Reason:
    """Mails that stand still for the same reason. `error` is in words; `since` is when the first of them was written."""

    state: str
    step: str | None
    error: str
    count: int
    since: datetime

    @property
    def is_of_set_up(self) -> bool:
        """Whether an operator can mend it: all but what the server said of the mail itself."""
        return self.step not in smtp.OF_THE_MAIL


def reasons(most: int = 20) -> list[Reason]:
    """Why mails wait, or were not sent in the last week, the newest reason first. Mails that nobody tried yet are none."""
    counted = (
        sa.select(Mail.state, Mail.step, Mail.error, sa.func.count(), sa.func.min(Mail.created_at))
        .where(_stand_still(), Mail.error.is_not(None))
        .group_by(Mail.state, Mail.step, Mail.error)
        .order_by(sa.func.max(Mail.created_at).desc())
        .limit(most)
    )
    return [
        Reason(state, step, said(step, error), count, since)
        for state, step, error, count, since in db.session.execute(counted)
    ]


def faults() -> list[tuple[bool, str]]:
    """What `fastpix doctor` says: (whether mails stand still until an operator acts, a sentence with the cure)."""
    told = []
    for reason in reasons():
        number = f"{reason.count} mail{'s' if reason.count > 1 else ''}"
        if reason.is_of_set_up:
            state = f"{number} wait" + ("s" if reason.count == 1 else "")
            state = state if reason.state == WAITING else f"{number} gave up"
            cure = f"{smtp.CURES[reason.step or smtp.SETTINGS]} {REPAIRED}"
            told.append((reason.state == WAITING, f"{state}: {reason.error}. {cure}"))
        elif reason.state == FAILED:
            text = f"{number} of the last week refused: {reason.error}. Where the set-up was at fault: `fastpix mail retry --refused`."
            told.append((False, text))
    return told


def send_again(*, is_refused_too: bool = False) -> int:
    """Send now what waits and what gave up in the last week, in the caller's transaction; how many mails those are.

    What the mail server refused for good (at RCPT TO or DATA) only with `is_refused_too`.
    """
    wanted = [_stand_still(), Mail.sealed.is_not(None)]
    if not is_refused_too:
        of_set_up = sa.or_(Mail.step.is_(None), Mail.step.not_in(smtp.OF_THE_MAIL))
        wanted.append(sa.or_(Mail.state == WAITING, of_set_up))
    rows = db.session.execute(sa.select(Mail.id, Mail.job_id, Mail.organization_id).where(*wanted)).all()
    for start in range(0, len(rows), AT_ONCE):
        _send(rows[start : start + AT_ONCE])
    return len(rows)


def _send(rows: Any) -> None:
    under_way = again.hasten([row.job_id for row in rows if row.job_id is not None])
    for row in rows:
        if row.job_id not in under_way:
            job_id = queue.enqueue(JOB, {"mail_id": str(row.id)}, organization_id=row.organization_id)
            _set(Mail.id == row.id, job_id=job_id)
    # Its last answer stays until there is a new one, so that nobody is told it were on its way.
    _set(Mail.id.in_([row.id for row in rows]), state=WAITING)


def settle() -> int:
    """Say of mails whose job ended without a word, as by the death of its worker, that they were not sent.

    The worker calls it now and then. Returns how many those are.
    """
    alive = sa.select(Job.id).where(Job.id == Mail.job_id, Job.state.in_((QUEUED, RUNNING)))
    is_left = sa.or_(
        sa.and_(Mail.job_id.is_not(None), ~alive.exists()),
        sa.and_(Mail.job_id.is_(None), Mail.created_at < now() - LONGEST),
    )
    words = sa.func.coalesce(Mail.error, sa.select(Job.error).where(Job.id == Mail.job_id).scalar_subquery())
    ended = sa.func.coalesce(words, "its job ended without a word")
    left = sa.update(Mail).where(Mail.state == WAITING, is_left).values(state=FAILED, error=ended)
    return affected_rows(left)


def _stand_still() -> sa.ColumnElement[bool]:
    return sa.or_(Mail.state == WAITING, sa.and_(Mail.state == FAILED, Mail.created_at > now() - LATELY))


def _set(where: sa.ColumnElement[bool], **values: Any) -> None:
    db.session.execute(sa.update(Mail).where(where).values(**values).execution_options(synchronize_session=False))
