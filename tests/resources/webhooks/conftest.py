"""A receiver on loopback: answers as told, and keeps what came."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sqlalchemy as sa

from fastpix.db import now, set_reading
from fastpix.jobs.models import Job
from fastpix.resources.webhooks import rules
from tests.working import work


class Receiver:
    """`taken` are (headers, body). `answer` is (status, headers, body); `until` keeps the answer back until it is set."""

    def __init__(self):
        self.taken, self.answer, self.until = [], (200, {}, b"ok"), None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((dict(self.headers), body))
                if receiver.until is not None:
                    receiver.until.wait(20)
                status, headers, said = receiver.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):  # the sender read enough
                    self.wfile.write(said)

            do_GET = do_POST

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=b"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        if self.until is not None:
            self.until.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def private(world, monkeypatch):
    """Loopback is allowed, as an operator may allow it."""
    world.set(fetch_allow_private=True)
    monkeypatch.setattr(rules, "ANSWER_SECONDS", 5.0)


@pytest.fixture
def hook(world, private, receiver, api):
    """An endpoint that leads to the receiver: {id, secret, ...}."""
    answer = api.post("iam/webhooks", {"url": receiver.url})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def deliver(world, most=20):
    return work(world, "webhooks.deliver", most=most)


def hurry(world):
    """Move the clock: what waits for its next try is due now."""
    set_reading(False)
    with world.engine.begin() as connection:
        connection.execute(sa.update(Job).values(run_at=now() - timedelta(seconds=1)))


def is_signed(headers, body, secret):
    """As receivers check it (docs/fastpix-contract.md, section 9)."""
    key = base64.b64decode(secret)
    expected = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers.get("FastPix-Signature", ""), expected)
