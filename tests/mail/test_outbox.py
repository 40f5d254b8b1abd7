"""What becomes of a mail: sent, refused, or tried again; and what people are told about it."""

from __future__ import annotations

import email
import email.policy
import threading
from dataclasses import replace
from uuid import uuid4

import pytest
import sqlalchemy as sa

from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.db import db, now
from fastpix.errors import Misconfigured, Refused
from fastpix.jobs import queue, worker
from fastpix.jobs.models import Job
from fastpix.mail import outbox, smtp
from fastpix.mail.models import FAILED, SENT, WAITING, Mail
from fastpix.mail.outbox import MailStatus, describe
from tests.mail.conftest import KEY

LINK = "https://video.example.com/i/one-time-secret"
INVITATION = {"organization": "Acmé", "inviter": "Ada", "role": "member", "link": LINK, "expires": now()}
ADA = "ada@example.com"


def post(app, **more):
    with app.app_context():
        mail_id = outbox.post("invitation", ADA, INVITATION, **more)
        db.session.commit()
        return mail_id


def work(app):
    return worker.run_one(app, {outbox.JOB: outbox.deliver}, "me")


def hurry(app, **values):
    """Let the job run now."""
    with app.app_context():
        db.session.execute(sa.update(Job).values(run_at=now(), **values))
        db.session.commit()


def mail_row(app, mail_id):
    with app.app_context():
        return db.session.get(Mail, mail_id)


def job_row(app):
    with app.app_context():
        return db.session.scalars(sa.select(Job)).one()


def test_a_mail_is_sent_once_with_both_bodies_and_honest_headers(queue_app, postman):
    mail_id = post(queue_app)
    assert work(queue_app) and not work(queue_app)
    (envelope,) = postman.taken
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("fastpix@video.example.com", [ADA])
    assert message["From"] == "fastpix <fastpix@video.example.com>" and message["To"] == ADA
    assert message["Subject"] == "Ada invited you to Acmé" and message["Date"].datetime
    assert message["Message-ID"] == f"<{mail_id}@video.example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    bodies = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    assert all(LINK in body and "If you did not expect this" in body for body in bodies)
    mail = mail_row(queue_app, mail_id)
    assert (mail.state, mail.sealed, mail.attempts, mail.error) == (SENT, None, 1, None) and mail.sent_at


def test_the_link_does_not_stand_in_the_database(queue_app, postman, tmp_path):
    post(queue_app)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert ADA.encode() in stored and b"one-time-secret" not in stored


def test_a_mail_is_sent_only_if_its_change_is_saved(queue_app, postman):
    with queue_app.app_context():
        outbox.post("invitation", ADA, INVITATION)
        db.session.rollback()
    assert not work(queue_app) and not postman.taken


def test_a_job_that_runs_again_does_not_send_again(queue_app, postman):
    mail_id = post(queue_app)
    work(queue_app)
    with queue_app.app_context():
        outbox.deliver({"mail_id": str(mail_id)})
    assert len(postman.taken) == 1


def test_nothing_is_written_without_a_mail_server(queue_app):
    assert post(queue_app) is None and not outbox.is_configured() and not work(queue_app)


def test_a_temporary_refusal_is_kept_on_the_mail_and_tried_again(queue_app, postman):
    postman.answer = "451 4.7.1 Greylisted, come back later"
    mail_id = post(queue_app)
    work(queue_app)
    mail = mail_row(queue_app, mail_id)
    assert (mail.state, mail.error, mail.attempts) == (WAITING, "451 4.7.1 Greylisted, come back later", 1)
    assert not work(queue_app), "not before its pause is over"
    postman.answer = "250 OK"
    hurry(queue_app)
    work(queue_app)
    mail = mail_row(queue_app, mail_id)
    assert (mail.state, mail.error, mail.attempts, len(postman.taken)) == (SENT, None, 2, 1)


@pytest.mark.parametrize("stage", ["answer", "after_data"])
def test_a_permanent_refusal_is_not_tried_again(queue_app, postman, stage):
    setattr(postman, stage, "550 5.1.1 No such person here")
    mail_id, organization = post(queue_app, organization_id=(acme := uuid4())), acme
    work(queue_app)
    mail = mail_row(queue_app, mail_id)
    assert (mail.state, mail.error) == (FAILED, "550 5.1.1 No such person here")
    assert job_row(queue_app).state == "failed"
    with queue_app.app_context():
        assert outbox.failed_count(organization) == 1 and outbox.failed_count(uuid4()) == 0


def test_a_refused_mail_can_be_sent_by_trying_its_job_again(queue_app, postman):
    postman.answer = "550 not yet"
    mail_id = post(queue_app)
    work(queue_app)
    postman.answer = "250 OK"
    with queue_app.app_context():
        assert queue.retry(job_row(queue_app).id)
        db.session.commit()
    work(queue_app)
    assert mail_row(queue_app, mail_id).state == SENT


def test_a_dead_server_is_tried_until_the_last_attempt_and_then_the_mail_is_failed(queue_app, dead_port):
    Instance(Settings(smtp_url=f"smtp://127.0.0.1:{dead_port}", secret_key=KEY)).begin()
    mail_id = post(queue_app)
    work(queue_app)
    words = f"no connection to 127.0.0.1:{dead_port}: Connection refused"
    assert (mail_row(queue_app, mail_id).state, mail_row(queue_app, mail_id).error) == (WAITING, words)
    hurry(queue_app, attempts=queue.MAX_ATTEMPTS - 1)
    work(queue_app)
    assert (mail_row(queue_app, mail_id).state, job_row(queue_app).state) == (FAILED, "failed")


def test_a_mail_sealed_with_another_key_fails_in_words(queue_app, postman):
    mail_id = post(queue_app)
    Instance(replace(postman.settings, secret_key="another key " * 4)).begin()
    work(queue_app)
    assert mail_row(queue_app, mail_id).state == FAILED and "secret key" in mail_row(queue_app, mail_id).error


def test_others_can_write_while_the_mail_server_is_spoken_to(queue_app, postman):
    def write():
        with queue_app.app_context():
            db.session.execute(sa.text("PRAGMA busy_timeout=100"))
            queue.enqueue("other", {})
            db.session.commit()
            wrote.append(True)

    wrote, postman.watch = [], write
    mail_id = post(queue_app)
    work(queue_app)
    assert wrote == [True] and mail_row(queue_app, mail_id).state == SENT


def test_the_status_is_that_of_the_newest_mail_about_a_thing(queue_app, postman):
    about, other = uuid4(), uuid4()
    postman.answer = "550 no"
    post(queue_app, about=about)
    work(queue_app)
    post(queue_app, about=about)
    with queue_app.app_context():
        assert outbox.statuses([about, other]) == {about: MailStatus(WAITING, None, 0)}
        assert outbox.statuses([]) == {}


def test_waiting_sees_the_mail_go_out_and_gives_up_when_time_is_over(queue_app, postman):
    about = uuid4()
    post(queue_app, about=about)
    with queue_app.app_context():
        assert outbox.wait([about], 0.15)[about].state == WAITING
    thread = threading.Thread(target=work, args=(queue_app,))
    with queue_app.app_context():
        thread.start()
        assert outbox.wait([about], 15)[about].state == SENT
        assert outbox.wait([], 15) == {}
    thread.join()


def refused(queue_app, postman, answer):
    """What a mail is about to which the server gave this answer."""
    about = uuid4()
    postman.answer = answer
    post(queue_app, about=about)
    work(queue_app)
    return about


def test_waiting_ends_with_the_first_answer_even_if_that_is_not_now(queue_app, postman):
    about = refused(queue_app, postman, "451 later")
    with queue_app.app_context():
        assert outbox.wait([about], 60)[about] == MailStatus(WAITING, "451 later", 1, smtp.RCPT_TO)


def test_a_discarded_mail_is_never_sent(queue_app, postman):
    about = uuid4()
    post(queue_app, about=about)
    kept = post(queue_app, about=uuid4())
    with queue_app.app_context():
        assert outbox.discard(about) == 1
        db.session.commit()
        assert outbox.statuses([about]) == {}
    assert work(queue_app) and work(queue_app)
    assert len(postman.taken) == 1 and mail_row(queue_app, kept).state == SENT


def test_a_discarded_mail_that_was_refused_cannot_come_back(queue_app, postman):
    about = refused(queue_app, postman, "550 no")
    with queue_app.app_context():
        assert outbox.discard(about) == 1


@pytest.mark.parametrize(
    ("status", "configured", "sentence"),
    [
        (MailStatus(SENT, None, 1), True, "Sent to ada@example.com."),
        (MailStatus(SENT, None, 1), False, "Sent to ada@example.com."),
        (None, False, "Mail is not set up: pass this link on yourself."),
        (MailStatus(WAITING, "451 later", 2), False, "Mail is not set up: pass this link on yourself."),
        (None, True, "No mail was sent: pass this link on yourself."),
        (MailStatus(FAILED, "550 No such person.", 1), True, "The mail server refused: 550 No such person."),
        (MailStatus(FAILED, "no connection to a:25", 12), True, "Not sent: no connection to a:25."),
        (MailStatus(WAITING, None, 0), True, "On its way to ada@example.com."),
        (
            MailStatus(WAITING, "451 later.", 2),
            True,
            "On its way to ada@example.com; fastpix keeps trying (last answer: 451 later).",
        ),
    ],
)
def test_people_are_told_what_is_so(status, configured, sentence):
    assert describe(status, configured, ADA) == sentence


def test_a_test_mail_is_sent_at_once_or_says_why_not(postman):
    outbox.send_test(postman.settings, ADA)
    assert len(postman.taken) == 1
    postman.answer = "550 go away"
    with pytest.raises(Refused, match="550 go away"):
        outbox.send_test(postman.settings, ADA)
    with pytest.raises(Misconfigured, match="FASTPIX_SMTP_URL"):
        outbox.send_test(Settings(), ADA)
