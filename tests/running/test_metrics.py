"""`/metrics` of the real gunicorn with two processes: whichever answers, the counts are those of both."""

from __future__ import annotations

import os
import re

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from fastpix.jobs import queue
from tests.running.server import eventually

KEY = "a-key-for-prometheus"
HELD = "gauge_livesum"


class Scrape:
    """What Prometheus would read."""

    def __init__(self, server):
        answer = httpx.get(f"{server.loopback}/metrics", headers={"Authorization": f"Bearer {KEY}"})
        assert answer.status_code == 200, answer.text
        self.text = answer.text
        self._samples = [s for family in text_string_to_metric_families(answer.text) for s in family.samples]

    def value(self, name, **labels):
        (found,) = [s.value for s in self._samples if s.name == name and labels.items() <= s.labels.items()]
        return found

    @property
    def asked(self):
        return self.value("fastpix_http_requests_total", rule="/v1/iam/me", method="GET", status="2xx")


def who_counted(folder):
    """Ids of the processes that counted something."""
    return {found[1] for name in os.listdir(folder) if (found := re.match(r"counter_(\d+)\.db", name))}


def test_two_processes_count_together_and_tell_nothing_of_anybody(make_server, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = make_server(metrics_key=KEY, web_workers="2")
    cast = server.seed(lambda cast: queue.enqueue("media.process", {}, organization_id=cast.acme.id))
    server.start_web(workers=2)
    (folder,) = tmp_path.glob("fastpix-metrics-*")
    token, asked = cast.people["ada"].tokens["people"], 0
    while len(who_counted(folder)) < 2 or asked < 20:
        assert httpx.get(f"{server.url}/v1/iam/me", auth=(str(token.id), token.secret)).status_code == 200
        asked += 1
        assert asked < 2000, "one process never got a request"
    for _ in range(10):  # the two take turns: each tells of both
        assert Scrape(server).asked == asked
    tells = Scrape(server)
    assert tells.value("fastpix_http_request_duration_seconds_count", rule="/v1/iam/me") == asked
    assert tells.value("fastpix_database_connections_most") == 2 * tells_of_one(server)
    assert tells.value("fastpix_jobs", kind="media.process", state="waiting") >= 1
    says_nothing_of_anybody(cast, tells.text)

    # A process that dies takes along what it held, and leaves what it counted.
    first = server.master().children()[0]
    first.kill()
    eventually(lambda: not psutil.pid_exists(first.pid) and len(server.master().children()) == 2)
    assert Scrape(server).asked == asked
    eventually(lambda: f"{HELD}_{first.pid}.db" not in os.listdir(folder))
    server.interrupt()
    assert not folder.exists()


def tells_of_one(server):
    """The connections that one process may open, by the settings of SQLAlchemy's pool."""
    with server._database() as app, app.app_context():
        pool = queue.db.engine.pool
        return pool.size() + pool._max_overflow


def says_nothing_of_anybody(cast, text):
    for person in cast.people.values():
        assert person.email not in text and str(person.id) not in text
    for house in (cast.acme, cast.rival):
        assert house.name not in text and str(house.id) not in text and f'"{house.slug}"' not in text
