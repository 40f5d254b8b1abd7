"""The outbox: a mail is written in the transaction of its change, and sent by a job once that is saved.

The bodies carry one-time links, so they stand in the database only sealed, and only until they are sent. For
pages: `post`, commit, `wait` a moment, and tell the person with `describe` what really became of the mail.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import sqlalchemy as sa

from fastpix import seal
from fastpix.db import db, now, reading
from fastpix.errors import Misconfigured, Refused
from fastpix.jobs import queue
from fastpix.mail import letters, smtp
from fastpix.mail.models import FAILED, SENT, WAITING, Mail
from fastpix.settings import Settings

JOB = "mail.deliver"
POLL_SECONDS = 0.1


_settings: Settings | None = None


@dataclass(frozen=True)
class MailStatus:
    """What became of a mail; `error` is the last answer of the mail server."""

    state: str
    error: str | None
    attempts: int


def configure(settings: Settings) -> None:
    """Say how mails are sent. Called once per process, by `create_app`; the last call counts. `seal` seals them."""
    global _settings
    _settings = settings


def _configured() -> Settings:
    if _settings is None:
        raise RuntimeError("outbox.configure() was not called")
    return _settings


def is_configured() -> bool:
    """Whether there is a mail server to send with."""
    return bool(_configured().smtp_url)


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
    settings = _configured()
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
    db.session.add(mail)
    queue.enqueue(JOB, {"mail_id": str(mail.id)}, organization_id=organization_id)
    return mail.id


def deliver(args: Mapping[str, Any]) -> None:
    """The job: send one mail. A mail that is sent or discarded already is left alone.

    No transaction is open while the server is spoken to: reading ends before, and the outcome is written after. A
    failure is committed here, since the worker rolls back what a failed attempt leaves behind.
    """
    mail_id = UUID(args["mail_id"])
    settings = _configured()
    with reading(), db.engine.connect() as connection:
        columns = sa.select(Mail.recipient, Mail.subject, Mail.sealed).where(Mail.id == mail_id, Mail.state != SENT)
        row = connection.execute(columns).one_or_none()
    if row is None or row.sealed is None:
        return
    bodies = seal.unseal(row.sealed)
    if bodies is None:
        problem = "the secret key was changed, and the mail cannot be opened any more"
        _note(mail_id, FAILED, problem)
        raise queue.GiveUp(problem)
    try:
        smtp.send(settings, smtp.Letter(mail_id, row.recipient, row.subject, **json.loads(bodies)))
    except smtp.Rejected as refusal:
        _note(mail_id, FAILED, str(refusal))
        raise queue.GiveUp(str(refusal)) from None
    except smtp.Unavailable as problem:
        _note(mail_id, FAILED if queue.is_last_attempt() else WAITING, str(problem))
        raise
    _update(mail_id, state=SENT, sealed=None, error=None, sent_at=now())


def _note(mail_id: UUID, state: str, error: str) -> None:
    _update(mail_id, state=state, error=error)
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


def _about(about_ids: Collection[UUID]) -> sa.Select[UUID | None, str, str | None, int]:
    columns = sa.select(Mail.about, Mail.state, Mail.error, Mail.attempts)
    return columns.where(Mail.about.in_(list(about_ids))).order_by(Mail.created_at)


def _newest(rows: Collection[Any]) -> dict[UUID, MailStatus]:
    return {row.about: MailStatus(row.state, row.error, row.attempts) for row in rows}


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
    old = sa.delete(Mail).where(Mail.created_at < now() - timedelta(days=90))
    return int(cast(Any, db.session.execute(old.execution_options(synchronize_session=False))).rowcount)


def describe(status: MailStatus | None, configured: bool, recipient: str) -> str:
    """One honest sentence on what became of a mail; `status` None means that none was written."""
    if status is not None and status.state == SENT:
        return f"Sent to {recipient}."
    answer = (status.error or "").rstrip(". ") if status is not None else ""
    if status is not None and status.state == FAILED:
        return f"The mail server refused: {answer}." if answer.startswith("5") else f"Not sent: {answer}."
    if not configured:
        return "Mail is not set up: pass this link on yourself."
    if status is None:
        return "No mail was sent: pass this link on yourself."
    if not answer:
        return f"On its way to {recipient}."
    return f"On its way to {recipient}; fastpix keeps trying (last answer: {answer})."


def send_test(settings: Settings, recipient: str) -> None:
    """Send a test mail at once. Raises `Misconfigured` without a server, `Refused` with the server's words."""
    if not settings.smtp_url:
        raise Misconfigured("Mail is not set up. Set FASTPIX_SMTP_URL, such as smtp+starttls://user:password@host:587.")
    rendered = letters.render("test", {"instance": settings.host, "link": settings.public_url})
    letter = smtp.Letter(uuid4(), recipient, rendered.subject, rendered.text, rendered.html)
    try:
        smtp.send(settings, letter)
    except (smtp.Rejected, smtp.Unavailable) as problem:
        raise Refused(f"The mail was not sent. The mail server's answer: {problem}") from None
