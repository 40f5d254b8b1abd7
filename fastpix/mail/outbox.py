"""The outbox: a mail is written in the transaction of its change, and sent by a job once that is saved.

The bodies carry one-time links, so they stand in the database only sealed, and only until they are sent. For
pages: `post`, commit, `wait` a moment, and tell the person with `describe` what really became of the mail.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.crypto import seal
from fastpix.db import affected_rows, db, now, reading
from fastpix.errors import Misconfigured, Refused
from fastpix.jobs import queue
from fastpix.mail import letters, smtp
from fastpix.mail.message import Letter
from fastpix.mail.models import FAILED, SENT, WAITING, Mail

JOB = "mail.deliver"
POLL_SECONDS = 0.1
# A mail that no worker has taken up for so long is not "on its way".
LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class MailStatus:
    """What became of a mail; `error` is the last answer of the mail server, and `step` the command it answered."""

    state: str
    error: str | None
    attempts: int
    step: str | None = None
    is_late: bool = False


def is_configured() -> bool:
    """Whether there is a mail server to send with."""
    return bool(instance.settings().smtp_url)


def post(
    kind: str,
    recipient: str,
    context: Mapping[str, Any],
    *,
    organization_id: UUID | None = None,
    about: UUID | None = None,
) -> UUID | None:
    """Write a mail and the job that sends it, in the caller's transaction. None, and nothing written, without a server.

    `context` is what the template asks for; `instance`, the host people know, is added.
    """
    settings = instance.settings()
    if not settings.smtp_url:
        return None
    rendered = letters.render(kind, {"instance": settings.host, **context})
    bodies = json.dumps({"text": rendered.text, "html": rendered.html})
    mail = Mail(
        id=uuid4(),
        organization_id=organization_id,
        recipient=recipient,
        subject=rendered.subject,
        kind=kind,
        about=about,
        sealed=seal.seal(bodies),
        state=WAITING,
        attempts=0,
        created_at=now(),
    )
    mail.job_id = queue.enqueue(JOB, {"mail_id": str(mail.id)}, organization_id=organization_id)
    db.session.add(mail)
    return mail.id


def deliver(args: Mapping[str, Any]) -> None:
    """The job: send one mail. A mail that is sent or discarded already is left alone.

    No transaction is open while the server is spoken to: reading ends before, and the outcome is written after. A
    failure is committed here, since the worker rolls back what a failed attempt leaves behind; whatever it was, it is
    written down. What ends without that, as by the death of the worker, `unsent.settle` finds.
    """
    mail_id = UUID(args["mail_id"])
    settings = instance.settings()
    with reading(), db.engine.connect() as connection:
        columns = sa.select(Mail.recipient, Mail.subject, Mail.sealed).where(Mail.id == mail_id, Mail.state != SENT)
        row = connection.execute(columns).one_or_none()
    if row is None or row.sealed is None:
        return
    try:
        smtp.send(settings, Letter(mail_id, row.recipient, row.subject, **_bodies(row.sealed)))
    except smtp.Rejected as refusal:
        _note(mail_id, FAILED, str(refusal), refusal.step)
        raise queue.GiveUp(str(refusal)) from None
    except queue.GiveUp as problem:
        _note(mail_id, FAILED, str(problem), smtp.SETTINGS)
        raise
    except smtp.Unavailable as problem:
        _note(mail_id, FAILED if queue.is_last_attempt() else WAITING, str(problem), problem.step)
        raise
    except Exception as problem:  # a fault of ours: people are told that there is one
        words = f"fastpix could not send it: {type(problem).__name__}. The log of the worker says more"
        _note(mail_id, FAILED if queue.is_last_attempt() else WAITING, words, smtp.SETTINGS)
        raise
    _update(mail_id, state=SENT, sealed=None, error=None, step=None, sent_at=now())


def _bodies(sealed: bytes) -> dict[str, str]:
    """Both bodies of a mail. Raises `queue.GiveUp` where they cannot be opened."""
    bodies = seal.unseal(sealed)
    if bodies is None:
        raise queue.GiveUp("the secret key was changed, and the mail cannot be opened any more")
    texts: dict[str, str] = json.loads(bodies)
    return texts


def _note(mail_id: UUID, state: str, error: str, step: str) -> None:
    db.session.rollback()
    _update(mail_id, state=state, error=error, step=step)
    db.session.commit()


def _update(mail_id: UUID, **values: Any) -> None:
    statement = sa.update(Mail).where(Mail.id == mail_id).values(attempts=Mail.attempts + 1, **values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def statuses(about_ids: Collection[UUID]) -> dict[UUID, MailStatus]:
    """The state of the newest mail about each of these things; one query. No mail, no entry."""
    return _newest(db.session.execute(_about(about_ids)).all()) if about_ids else {}


def wait(about_ids: Collection[UUID], seconds: float) -> dict[UUID, MailStatus]:
    """Look until no newest mail is `waiting` for its first answer, or time is over. Call it right after the commit.

    Each look is a short reading transaction of its own connection, so the worker can write meanwhile.
    """
    end = time.monotonic() + seconds
    while about_ids:
        with reading(), db.engine.connect() as connection:
            found = _newest(connection.execute(_about(about_ids)).all())
        is_open = any(status.state == WAITING and status.attempts == 0 for status in found.values())
        if not is_open or time.monotonic() + POLL_SECONDS > end:
            return found
        time.sleep(POLL_SECONDS)
    return {}


def _about(about_ids: Collection[UUID]) -> sa.Select[UUID | None, str, str | None, int, str | None, datetime]:
    columns = sa.select(Mail.about, Mail.state, Mail.error, Mail.attempts, Mail.step, Mail.created_at)
    return columns.where(Mail.about.in_(list(about_ids))).order_by(Mail.created_at)


def _newest(rows: Collection[Any]) -> dict[UUID, MailStatus]:
    return {row.about: _status(row) for row in rows}


def _status(row: Any) -> MailStatus:
    is_late = row.state == WAITING and row.attempts == 0 and row.created_at < now() - LATE
    return MailStatus(row.state, row.error, row.attempts, row.step, is_late)


def discard(about: UUID) -> int:
    """Delete the unsent mails about a thing whose link is void now (a revoked invite), in the caller's transaction."""
    count = 0
    for mail in db.session.scalars(sa.select(Mail).where(Mail.about == about, Mail.state != SENT)):
        db.session.delete(mail)
        count += 1
    return count


def failed_count(organization_id: UUID, kind: str = "") -> int:
    """How many mails of an organization (of one kind, where it is given) could not be sent."""
    mine = [Mail.organization_id == organization_id, Mail.state == FAILED]
    if kind:
        mine.append(Mail.kind == kind)
    return db.session.scalar(sa.select(sa.func.count()).select_from(Mail).where(*mine)) or 0


def waiting_count() -> int:
    """How many mails of the instance are still to be sent."""
    return db.session.scalar(sa.select(sa.func.count(Mail.id)).where(Mail.state == WAITING)) or 0


def prune() -> int:
    """Delete mails older than 90 days, whatever became of them: their links are dead. The worker calls it."""
    return affected_rows(sa.delete(Mail).where(Mail.created_at < now() - timedelta(days=90)))


def describe(status: MailStatus | None, configured: bool, recipient: str) -> str:
    """One honest sentence on what became of a mail; `status` None means that none was written."""
    if status is not None and status.state == SENT:
        return f"Sent to {recipient}."
    answer = said(status.step, status.error) if status is not None else ""
    if status is not None and status.state == FAILED:
        is_refused = status.step in smtp.OF_THE_MAIL or (status.step is None and answer.startswith("5"))
        return f"The mail server refused: {answer}." if is_refused else f"Not sent: {answer}."
    if not configured:
        return "Mail is not set up: pass this link on yourself."
    if status is None:
        return "No mail was sent: pass this link on yourself."
    if status.is_late:
        return "Not sent yet: nothing has taken it up. The operator can find out why with the command fastpix doctor."
    if not answer:
        return f"On its way to {recipient}."
    if status.step is not None and status.step not in smtp.OF_THE_MAIL:
        return f"Not sent yet: {answer}. The operator can mend that; fastpix keeps trying."
    return f"On its way to {recipient}; fastpix keeps trying (last answer: {answer})."


def said(step: str | None, error: str | None) -> str:
    """The last answer, with the command of the set-up that it answered."""
    answer = (error or "").rstrip(". ")
    is_of_set_up = step in (smtp.EHLO, smtp.STARTTLS, smtp.AUTH, smtp.MAIL_FROM)
    return f"to {step} the mail server answered {answer}" if is_of_set_up else answer


def send_test(settings: Settings, recipient: str) -> None:
    """Send a test mail at once. Raises `Misconfigured` without a server, `Refused` with the server's words."""
    if not settings.smtp_url:
        raise Misconfigured("Mail is not set up. Set FASTPIX_SMTP_URL, such as smtp+starttls://user:password@host:587.")
    rendered = letters.render("test", {"instance": settings.host, "link": settings.public_url})
    letter = Letter(uuid4(), recipient, rendered.subject, rendered.text, rendered.html)
    try:
        smtp.send(settings, letter)
    except smtp.NotSent as problem:
        answer = said(problem.step, str(problem))
        raise Refused(
            f"The mail was not sent. The mail server's answer: {answer}. {smtp.CURES[problem.step]}"
        ) from None
