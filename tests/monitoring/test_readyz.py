"""`/readyz` answers before who probes gives up, whatever it asks does not answer."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from fastpix import postgresql_server
from fastpix.app import create_app
from fastpix.web import health
from tests.world import test_settings as settings_for

pytestmark = pytest.mark.sqlite
# Far above the limit set here, and below the ten seconds a request that were waited for once.
SOON = 15.0


@pytest.fixture
def silent():
    """The port of a server that takes connections and says nothing, as a frozen one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
    for thread in asking("_database"):
        thread.join(30)


def asking(name):
    return [thread for thread in threading.enumerate() if thread.name == name]


def test_a_frozen_database_is_asked_once_and_not_waited_for(tmp_path, silent, monkeypatch):
    monkeypatch.setattr(health, "LIMIT_SECONDS", 0.2)
    monkeypatch.setattr(postgresql_server, "PATIENCE_SECONDS", 0.0)
    url = f"postgresql+psycopg://ada:x@127.0.0.1:{silent}/x"
    client = create_app(settings_for(tmp_path, database_url=url)).test_client()
    began = time.monotonic()
    for _ in range(2):
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json == {"database": "does not answer", "migrations": "cannot be read", "storage": "ok"}
    assert client.get("/healthz").status_code == 200
    assert time.monotonic() - began < SOON and len(asking("_database")) == 1


def test_a_storage_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    is_over = threading.Event()

    def hangs():
        is_over.wait(2 * SOON)
        return {"storage": "ok"}

    monkeypatch.setattr(health, "LIMIT_SECONDS", 0.2)
    monkeypatch.setattr(health, "_storage", hangs)
    began = time.monotonic()
    answer = create_app(settings_for(tmp_path)).test_client().get("/readyz")
    assert answer.status_code == 503 and answer.json["storage"] == "does not answer"
    assert time.monotonic() - began < SOON
    is_over.set()
    for thread in asking("hangs"):
        thread.join(30)


def test_what_went_wrong_while_asking_is_the_requests_own_error(tmp_path, monkeypatch):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(health, "_storage", broken)
    assert create_app(settings_for(tmp_path)).test_client().get("/readyz").status_code == 500
