"""The request gate: short requests compute one after the other, and nobody waits for one that hangs or for an upload."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fastpix.web import request_gate

MOMENT = 10  # seconds after which a test that hangs is a test that fails


class Application:
    """Says when it is entered; `/hang` stays until it may go on."""

    def __init__(self):
        self.entered, self.may_go_on = threading.Semaphore(0), threading.Event()
        self.inside, self.most = 0, 0

    def __call__(self, environ, start_response):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.entered.release()
        if environ["PATH_INFO"] == "/hang":
            assert self.may_go_on.wait(MOMENT)
        self.inside -= 1
        if environ["PATH_INFO"] == "/broken":
            raise RuntimeError("broken")
        return [environ["PATH_INFO"].encode()]


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def ask(application):
    """`ask(path, method)`: the answer to come, of a request in a thread of its own."""
    gate = request_gate.RequestGate(application)
    with ThreadPoolExecutor(32) as threads:
        yield lambda path, method="GET": threads.submit(gate, {"PATH_INFO": path, "REQUEST_METHOD": method}, None)
        application.may_go_on.set()


def test_short_requests_compute_one_after_the_other(application, ask, monkeypatch):
    monkeypatch.setattr(request_gate, "PATIENCE_SECONDS", MOMENT)
    first = ask("/hang")
    assert application.entered.acquire(timeout=MOMENT)
    others = [ask(f"/{number}") for number in range(20)]
    assert not application.entered.acquire(timeout=0.05)
    application.may_go_on.set()
    assert first.result(MOMENT) == [b"/hang"]
    assert [other.result(MOMENT) for other in others] == [[b"/%d" % number] for number in range(20)]
    assert application.most == 1


def test_a_request_that_hangs_holds_nobody_up_for_long(application, ask, monkeypatch):
    monkeypatch.setattr(request_gate, "PATIENCE_SECONDS", 0.01)
    hanging = ask("/hang")
    assert application.entered.acquire(timeout=MOMENT)
    assert [ask("/a").result(MOMENT), ask("/b", "HEAD").result(MOMENT)] == [[b"/a"], [b"/b"]]
    assert not hanging.done()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_send_a_body_passes_by(application, ask, monkeypatch, method):
    monkeypatch.setattr(request_gate, "PATIENCE_SECONDS", MOMENT)
    slow = ask("/hang", method)
    assert application.entered.acquire(timeout=MOMENT)
    assert ask("/short").result(MOMENT) == [b"/short"]
    held = ask("/hang")
    assert application.entered.acquire(timeout=MOMENT) and application.entered.acquire(timeout=MOMENT)
    assert ask("/upload", method).result(MOMENT) == [b"/upload"]
    assert not slow.done() and not held.done()


@pytest.mark.parametrize("path", ["/stream/1.m3u8", "/images/1/thumbnail.jpg", "/source/1"])
def test_what_waits_for_the_storage_passes_by(application, ask, monkeypatch, path):
    monkeypatch.setattr(request_gate, "PATIENCE_SECONDS", MOMENT)
    ask("/hang")
    assert application.entered.acquire(timeout=MOMENT)
    assert ask(path).result(MOMENT / 2) == [path.encode()]


def test_nobody_waits_without_end(application, ask, monkeypatch):
    """Even where each one before is quick: here the turn is always somebody's since just now."""
    monkeypatch.setattr(request_gate, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(request_gate, "MOST_SECONDS", 0.05)
    monkeypatch.setattr(
        request_gate.RequestGate, "_since", property(lambda _s: time.monotonic(), lambda *_g: None), raising=False
    )
    ask("/hang")
    assert application.entered.acquire(timeout=MOMENT)
    assert ask("/late").result(MOMENT / 2) == [b"/late"]


def test_a_request_that_fails_gives_its_turn_on(ask, monkeypatch):
    monkeypatch.setattr(request_gate, "PATIENCE_SECONDS", MOMENT)
    with pytest.raises(RuntimeError):
        ask("/broken").result(MOMENT)
    assert ask("/next").result(MOMENT / 2) == [b"/next"]
