"""Which command was refused decides whether a mail is tried again; and whatever is raised, people are told of it."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.db import db, now
from fastpix.jobs import queue
from fastpix.jobs.models import Job
from fastpix.mail import connection, outbox, smtp, unsent
from fastpix.mail.message import Letter
from fastpix.mail.models import FAILED, SENT, WAITING, Mail
from fastpix.processes import programs
from tests.mail import scripted
from tests.mail.conftest import KEY
from tests.mail.test_outbox import ADA, hurry, job_row, mail_row, post, work

OF_SET_UP = {"connect": smtp.CONNECTION, "EHLO": smtp.EHLO, "AUTH": smtp.AUTH, "MAIL": smtp.MAIL_FROM}
OF_MAIL = {"RCPT": smtp.RCPT_TO, "DATA": smtp.DATA, "end": smtp.DATA}
REFUSALS = (
    "501 5.1.7 Bad sender address syntax",
    "504 5.5.2 Helo refused",
    "530 5.7.0 Sign in first",
    "550 no",
    "554 5.7.1 no",
)


def settings(port, **more):
    return Settings(public_url="https://v.example", smtp_url=f"smtp://u:p@127.0.0.1:{port}", secret_key=KEY, **more)


def attempt(script, **more):
    smtp.send(settings(script.port, **more), Letter(uuid4(), ADA, "Hello", "text\n", "<p>text</p>"))


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("command", [*OF_SET_UP, *OF_MAIL])
def test_the_command_that_was_refused_decides(command, refusal):
    both = {"HELO": refusal} if command == "EHLO" else {}
    error = smtp.Rejected if command in OF_MAIL else smtp.Unavailable
    with scripted.serving(**{command: refusal}, **both) as script, pytest.raises(smtp.NotSent) as caught:
        attempt(script)
    assert type(caught.value) is error and str(caught.value) == refusal
    assert caught.value.step == (OF_SET_UP | OF_MAIL)[command] and caught.value.step in smtp.CURES


@pytest.mark.parametrize("answer", ["451 4.7.1 later", "421 4.3.2 closing", None])
@pytest.mark.parametrize("command", [*OF_SET_UP, *OF_MAIL])
def test_what_is_temporary_is_tried_again_at_every_command(command, answer):
    both = {"HELO": answer} if command == "EHLO" else {}
    with scripted.serving(**{command: answer}, **both) as script, pytest.raises(smtp.Unavailable) as caught:
        attempt(script)
    assert caught.value.step == (OF_SET_UP | OF_MAIL)[command] and str(caught.value)


def refused(**answers):
    """What is told of a server with these answers."""
    with scripted.serving(**answers) as script, pytest.raises(smtp.NotSent) as caught:
        attempt(script)
    return str(caught.value)


def test_a_servers_words_are_shown_as_far_as_they_can_be_seen():
    """They are stored, and read on pages, in logs and at terminals."""
    assert refused(RCPT="550 no such \0 user") == "550 no such user"
    assert refused(RCPT="550 \x1b]0;title\x07gone") == "550 ]0;title gone"
    assert len(refused(RCPT="550-" + "x" * 4000 + "\r\n550 " + "y" * 4000)) == smtp.MOST_SHOWN


@pytest.mark.parametrize("repeated", [0, 5])
def test_what_a_server_repeats_of_the_password_is_left_out(repeated):
    """`u` and `p` are too short to be told from other letters; these are not."""
    spoken = base64.b64encode(b"\0ada@v.example\0a-long-secret").decode()
    given = {"url": "smtp://ada%40v.example:a-long-secret@127.0.0.1:{}"}
    answer = f"501 Cannot decode: AUTH PLAIN {spoken[: len(spoken) - repeated]} of a-long-secret"
    with scripted.serving(AUTH=answer) as script, pytest.raises(smtp.NotSent) as caught:
        asked = Settings(public_url="https://v.example", smtp_url=given["url"].format(script.port), secret_key=KEY)
        smtp.send(asked, Letter(uuid4(), ADA, "Hello", "text\n", "<p>text</p>"))
    assert str(caught.value) == "501 Cannot decode: AUTH PLAIN … of …"


@pytest.mark.parametrize("command", ["connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "end"])
def test_an_answer_without_end_is_given_up(command):
    code = {"connect": 220, "DATA": 354, "AUTH": 235}.get(command, 250)
    both = {"HELO": "500 no"} if command == "EHLO" else {}
    told = refused(**{command: "\r\n".join([f"{code}-more"] * (connection.MOST_LINES + 1))}, **both)
    assert "more than 100 lines" in told


@pytest.mark.parametrize("command", ["connect", "RCPT"])
def test_a_server_that_always_says_a_little_more_holds_nobody_for_long(command, monkeypatch):
    """Each line comes in time, and the next one never is the last."""
    monkeypatch.setattr(connection, "MOST_SECONDS", 0.3)
    with scripted.serving(**{command: scripted.DRIPPING}) as script, pytest.raises(smtp.Unavailable, match="in time"):
        attempt(script)


def test_what_speaks_something_else_is_told_so():
    assert refused(connect="SSH-2.0-OpenSSH_9.2").endswith("does not speak SMTP: 2.0-OpenSSH_9.2")


@pytest.mark.parametrize(
    ("url", "more", "hello", "sender"),
    [
        ("https://video.example.com", {}, "video.example.com", "fastpix@video.example.com"),
        ("http://192.0.2.5:8000", {}, "[192.0.2.5]", "fastpix@[192.0.2.5]"),
        ("http://[2001:db8::1]", {}, "[IPv6:2001:db8::1]", "fastpix@[IPv6:2001:db8::1]"),
        ("http://localhost:8000", {}, "[127.0.0.1]", "fastpix@localhost"),
        ("http://video_host:8000", {}, "[127.0.0.1]", "fastpix@video_host"),
        ("http://192.0.2.5", {"smtp_helo": "mail.example", "mail_from": "v@v.example"}, "mail.example", "v@v.example"),
    ],
)
def test_the_greeting_and_the_sender_are_what_strict_servers_take(url, more, hello, sender):
    with scripted.serving() as script:
        given = Settings(public_url=url, smtp_url=f"smtp://127.0.0.1:{script.port}", **more)
        smtp.send(given, Letter(uuid4(), ADA, "Hello", "text\n", "<p>text</p>"))
    assert script.heard[0].lower() == f"ehlo {hello}".lower()
    assert script.heard[1].lower() == f"mail from:<{sender}>".lower()  # in small letters from Python 3.13 on
    assert len(script.mails) == 1


def test_every_byte_is_ascii_where_a_server_offers_nothing():
    with scripted.serving(EHLO="250 mail.example") as script:
        given = Settings(public_url="https://v.example", smtp_url=f"smtp://127.0.0.1:{script.port}")
        smtp.send(given, Letter(uuid4(), ADA, "Grüße aus Köln", "ä\n", "<p>東京</p>"))
    assert script.mails[0].isascii() and not any("8BITMIME" in line.upper() for line in script.heard)


@pytest.fixture
def script(queue_app):
    """A scripted server that the outbox is set up with."""
    with scripted.serving() as script:
        Instance(settings(script.port)).begin()
        yield script


SENTENCES = {
    "connect": "Not sent yet: 554 no.", "EHLO": "Not sent yet: to EHLO the mail server answered 554 no.",
    "AUTH": "Not sent yet: to AUTH the mail server answered 554 no.", "MAIL": "Not sent yet: to MAIL FROM the mail server answered 554 no.",
    "RCPT": "The mail server refused: 554 no.", "DATA": "The mail server refused: 554 no.", "end": "The mail server refused: 554 no.",
}  # fmt: skip


@pytest.mark.parametrize("command", SENTENCES)
def test_the_invite_the_operator_and_the_doctor_are_told_and_the_repair_sends_it(queue_app, script, command):
    script.answers |= {command: "554 no"} | ({"HELO": "554 no"} if command == "EHLO" else {})
    mail_id, about = post(queue_app, about=(invite := uuid4())), invite
    work(queue_app)
    is_final = command in OF_MAIL
    with queue_app.app_context():
        assert outbox.describe(outbox.statuses([about])[about], True, ADA).startswith(SENTENCES[command])
        (reason,), ((is_still, sentence),) = unsent.reasons(), unsent.faults()
        assert (reason.count, reason.is_of_set_up, reason.state) == (1, not is_final, FAILED if is_final else WAITING)
        assert is_still is not is_final and "554 no" in sentence and "fastpix mail retry" in sentence
    script.answers |= scripted.ANSWERS
    with queue_app.app_context():
        assert unsent.send_again() == (0 if is_final else 1)
        assert unsent.send_again(is_refused_too=True) == 1
        db.session.commit()
    assert work(queue_app) and mail_row(queue_app, mail_id).state == SENT and len(script.mails) == 1
    with queue_app.app_context():
        assert not unsent.reasons() and not unsent.faults() and unsent.send_again(is_refused_too=True) == 0


def test_after_the_last_attempt_a_set_up_that_was_not_mended_gave_up_and_can_still_be_sent(queue_app, script):
    script.answers["MAIL"] = "501 5.1.7 Bad sender address syntax"
    mail_id = post(queue_app)
    work(queue_app)
    hurry(queue_app, attempts=queue.MAX_ATTEMPTS - 1)
    work(queue_app)
    mail = mail_row(queue_app, mail_id)
    assert (mail.state, mail.step, job_row(queue_app).state) == (FAILED, smtp.MAIL_FROM, "failed")
    with queue_app.app_context():
        ((is_still, sentence),) = unsent.faults()
        assert not is_still and "1 mail gave up" in sentence and "FASTPIX_MAIL_FROM" in sentence
        assert unsent.send_again() == 1
        db.session.commit()
    script.answers |= scripted.ANSWERS
    assert work(queue_app) and mail_row(queue_app, mail_id).state == SENT


FAULTS = {
    "a fault of ours": lambda monkeypatch: monkeypatch.setattr(smtp.message, "of", lambda *_: 1 / 0),
    "bodies that are no JSON": lambda monkeypatch: monkeypatch.setattr(outbox.seal, "unseal", lambda _: "{"),
    "a server that speaks no SMTP": lambda monkeypatch: monkeypatch.setitem(
        scripted.ANSWERS, "connect", "SSH-2.0-OpenSSH"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_raised_ends_in_words(queue_app, script, monkeypatch, fault):
    FAULTS[fault](monkeypatch)
    script.answers |= scripted.ANSWERS
    mail_id = post(queue_app, about=(about := uuid4()))
    work(queue_app)
    mail = mail_row(queue_app, mail_id)
    assert mail.state == WAITING and mail.error and mail.attempts == 1
    with queue_app.app_context():
        sentence = outbox.describe(outbox.statuses([about])[about], True, ADA)
        assert sentence.startswith("Not sent yet") and unsent.reasons()[0].count == 1
    hurry(queue_app, attempts=queue.MAX_ATTEMPTS - 1)
    work(queue_app)
    assert mail_row(queue_app, mail_id).state == FAILED


def test_a_mail_server_that_was_taken_out_of_the_settings(queue_app, script):
    mail_id = post(queue_app)
    Instance(Settings(secret_key=KEY)).begin()
    work(queue_app)
    assert "FASTPIX_SMTP_URL" in mail_row(queue_app, mail_id).error


def test_a_mail_whose_worker_died_at_the_last_attempt_is_not_on_its_way(queue_app, script):
    mail_id = post(queue_app, about=(about := uuid4()))
    hurry(queue_app, attempts=queue.MAX_ATTEMPTS - 1)
    with queue_app.app_context():
        assert unsent.settle() == 0
        claimed = queue.claim("a worker that dies", [outbox.JOB], lease=timedelta(seconds=-1))
        assert claimed is not None and unsent.settle() == 0
        assert queue.bury() == 1 and unsent.settle() == 1 and unsent.settle() == 0
        db.session.commit()
        sentence = outbox.describe(outbox.statuses([about])[about], True, ADA)
    assert mail_row(queue_app, mail_id).state == FAILED and "The worker died" in sentence


def test_the_worker_looks_for_such_mails():
    assert any(unsent.settle in tasks for tasks in programs._periodic())


@pytest.mark.parametrize("has_job", [True, False])
def test_a_mail_that_lost_its_job_is_told_and_sent_by_a_new_one(queue_app, script, has_job):
    mail_id = post(queue_app)
    with queue_app.app_context():
        db.session.execute(sa.delete(Job))
        values = {"created_at": now() - timedelta(days=3)} | ({} if has_job else {"job_id": None})
        db.session.execute(sa.update(Mail).values(**values))
        assert unsent.settle() == 1 and unsent.send_again() == 1
        db.session.commit()
    assert work(queue_app) and mail_row(queue_app, mail_id).state == SENT


def test_without_a_worker_nothing_is_on_its_way_for_long(queue_app, script):
    post(queue_app, about=(about := uuid4()))
    with queue_app.app_context():
        assert outbox.describe(outbox.statuses([about])[about], True, ADA) == f"On its way to {ADA}."
        db.session.execute(sa.update(Mail).values(created_at=now() - timedelta(minutes=3)))
        assert outbox.describe(outbox.statuses([about])[about], True, ADA).startswith(
            "Not sent yet: nothing has taken it up"
        )
