"""A small application with jobs and mails on SQLite, and a real SMTP server in this process."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller

import fastpix.mail.models  # noqa: F401  # its table must exist
from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.db import db
from tests.jobs.conftest import make_app

KEY = "k" * 40


@pytest.fixture
def queue_app(tmp_path):
    app = make_app(tmp_path / "queue.db")
    Instance(Settings(secret_key=KEY)).begin()
    yield app
    with app.app_context():
        db.engine.dispose()


class AnyPortController(Controller):
    """aiosmtpd connects to the port it was given, even if that is 0."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Postman:
    """Answers RCPT as told, and keeps what it took."""

    def __init__(self):
        self.answer, self.after_data, self.taken, self.watch = "250 OK", "250 OK", [], None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.watch:
            self.watch()
        if self.answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server, session, envelope):
        if self.after_data.startswith("2"):
            self.taken.append(envelope)
        return self.after_data


@contextmanager
def serving(postman, **options):
    controller = AnyPortController(postman, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()


@pytest.fixture
def serve():
    return serving


@pytest.fixture
def unplugged():
    """A postman whose server a test starts itself, with `serve`."""
    return Postman()


@pytest.fixture
def postman(queue_app):
    """A mail server that the outbox is set up with."""
    postman = Postman()
    with serving(postman) as controller:
        postman.settings = Settings(
            public_url="https://video.example.com", smtp_url=f"smtp://127.0.0.1:{controller.port}", secret_key=KEY
        )
        Instance(postman.settings).begin()
        yield postman


@pytest.fixture
def dead_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]  # bound, and nobody listens
