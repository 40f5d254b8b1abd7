"""Real Postfix and Exim, as Debian has them: what they refuse is told by its command, and sent once it is mended."""

from __future__ import annotations

import email
import email.policy
from uuid import uuid4

import pytest

from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.db import db
from fastpix.mail import outbox, smtp, unsent
from fastpix.mail.models import FAILED, SENT, WAITING
from tests import mail_servers
from tests.mail.conftest import KEY
from tests.mail.test_outbox import INVITATION, mail_row, work
from tests.running.server import eventually

ADA = "ada@acme.example"
BY_NUMBER, BY_NAME = {"public_url": "http://192.0.2.5:8000"}, {"mail_from": "video@v.example"}
pytestmark = [
    pytest.mark.full("starts two mail servers"),
    pytest.mark.skipif(mail_servers.is_missing, reason=mail_servers.MISSING),
]


@pytest.fixture(scope="module")
def postfix(tmp_path_factory):
    yield from running(mail_servers.Postfix, tmp_path_factory)


@pytest.fixture(scope="module")
def exim(tmp_path_factory):
    yield from running(mail_servers.Exim, tmp_path_factory)


def running(kind, tmp_path_factory):
    folder = tmp_path_factory.mktemp(kind.__name__)
    mine = [above for above in folder.parents if above.stat().st_mode & 0o077 == 0 and above.owner() == folder.owner()]
    for above in (folder, *mine):
        above.chmod(0o711)  # the servers' own users must come as far as this
    server = kind(folder)
    yield server
    server.stop()


@pytest.fixture
def sent(queue_app):
    """`sent(port, ...)`: the row of a mail after one attempt with these settings; `sent.again()` after a repair."""

    class Attempt:
        user = ""

        def set_up(self, port, **given):
            user = given.pop("user", "")
            Instance(Settings(smtp_url=f"smtp://{user}127.0.0.1:{port}", secret_key=KEY, **given)).begin()

        def __call__(self, port, *, to=ADA, organization="Моя студия", **given):
            self.set_up(port, **given)
            with queue_app.app_context():
                self.id = outbox.post("invitation", to, INVITATION | {"organization": organization}, about=uuid4())
                db.session.commit()
            work(queue_app)
            return mail_row(queue_app, self.id)

        def again(self, port, *, refused=False, **given):
            self.set_up(port, **given)
            with queue_app.app_context():
                assert unsent.send_again(is_refused_too=refused) == 1
                db.session.commit()
            work(queue_app)
            return mail_row(queue_app, self.id)

    return Attempt()


def test_an_instance_at_a_number_sends_by_postfix_and_the_subject_arrives_whole(postfix, sent):
    assert sent(postfix.port, organization="Моя студия Ёлка", **BY_NUMBER).state == SENT

    def arrived():
        mails = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in postfix.box.glob("*")
        ]
        return [mail for mail in mails if mail["Subject"] == "Ada invited you to Моя студия Ёлка"]

    (mail,) = eventually(arrived)
    assert mail["Return-Path"] == "<fastpix@[192.0.2.5]>" and "from [192.0.2.5]" in mail["Received"]
    assert "Моя студия Ёлка" in mail.get_body(("plain",)).get_content()


def test_postfix_knows_no_such_person_and_that_is_final(postfix, sent):
    mail = sent(postfix.port, to="eve@acme.example", **BY_NAME)
    assert (mail.state, mail.step) == (FAILED, smtp.RCPT_TO) and mail.error.startswith("550 5.1.1")


@pytest.mark.parametrize(
    ("given", "step", "code"),
    [
        ({"mail_from": "nobody@v.example"}, smtp.MAIL_FROM, "554 5.7.1"),
        ({"smtp_helo": "localhost", **BY_NAME}, smtp.EHLO, "504 5.5.2"),
    ],
)
def test_what_postfix_says_of_the_set_up_waits_for_the_repair(postfix, sent, given, step, code):
    mail = sent(postfix.strict_port, **given)
    assert (mail.state, mail.step) == (WAITING, step) and mail.error.startswith(code), mail.error
    assert sent.again(postfix.strict_port, **BY_NAME).state == SENT


def test_exim_takes_no_sender_at_a_number_and_the_mail_waits_for_the_repair(exim, sent):
    mail = sent(exim.port, **BY_NUMBER)
    assert (mail.state, mail.step) == (WAITING, smtp.MAIL_FROM) and mail.error.startswith("501"), mail.error
    assert sent.again(exim.port, **BY_NUMBER, **BY_NAME).state == SENT
    assert any("helo=[192.0.2.5]" in headers and "video@v.example" in headers for headers in exim.queued())


def test_exim_is_greeted_by_a_name_it_takes_whatever_the_instance_is_called(exim, sent):
    """It answers 501 to an underscore, as in the names of containers."""
    assert sent(exim.port, public_url="http://video_host:8000", **BY_NAME).state == SENT


def test_exim_does_not_relay_and_that_can_be_sent_again_by_wish(exim, sent):
    mail = sent(exim.port, to="ada@elsewhere.example", **BY_NAME)
    assert (mail.state, mail.step, mail.error) == (FAILED, smtp.RCPT_TO, "550 relay not permitted")
    assert sent.again(exim.port, refused=True, **BY_NAME).state == FAILED


def test_a_wrong_password_waits_and_the_right_one_sends(exim, sent):
    mail = sent(exim.port, user="video:wrong@", **BY_NAME)
    assert (mail.state, mail.step) == (WAITING, smtp.AUTH) and mail.error.startswith("535")
    assert sent.again(exim.port, user="video:p%3A%2F%40ss@", **BY_NAME).state == SENT
