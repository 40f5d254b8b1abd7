"""`/metrics`: who may read it, and what it counts."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from fastpix.config import settings
from fastpix.db import db
from fastpix.errors import Misconfigured
from fastpix.jobs.models import Job
from fastpix.monitoring import gauges
from tests.doors import ApiDoor

KEY = "a-key-for-prometheus"


@pytest.fixture
def counted(make_app):
    """An application with a key, and `value(name, **labels)` of what it tells."""
    app = make_app(metrics_key=KEY)

    def value(name, **labels):
        answer = ask(app)
        families = text_string_to_metric_families(answer.get_data(as_text=True))
        found = [s.value for f in families for s in f.samples if s.name == name and labels.items() <= s.labels.items()]
        return sum(found)

    return app, value


def ask(app, authorization=f"Bearer {KEY}", **more):
    return app.test_client().get("/metrics", headers={"Authorization": authorization} if authorization else {}, **more)


@pytest.mark.sqlite
def test_without_a_key_there_is_no_such_page(make_app):
    app = make_app()
    for authorization in (None, "Bearer ", "Bearer", f"Bearer {KEY}"):
        assert ask(app, authorization).status_code == 404


@pytest.mark.full("an application for each wrong key")
@pytest.mark.sqlite
@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer", "Bearer ", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY, "Bearer ü"],
)
def test_only_the_key_opens_it(counted, authorization):
    app, _ = counted
    answer = ask(app, authorization)
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    assert "fastpix_" not in answer.get_data(as_text=True)


@pytest.mark.sqlite
def test_the_key_opens_it_at_any_address_and_is_told_nowhere(counted, caplog):
    app, _ = counted
    answer = ask(app, f"bearer {KEY}", base_url="http://10.0.0.7:8000")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    assert KEY not in answer.get_data(as_text=True) and KEY not in caplog.text


@pytest.mark.sqlite
def test_nobodys_session_or_token_opens_it(world, ada):
    assert ada.page.get("/metrics").status_code == 404
    assert ApiDoor(world.app, world.cast.people["ada"].tokens["people"]).get("../metrics").status_code == 404


@pytest.mark.sqlite
def test_requests_are_counted_by_rule_never_by_path_or_made_up_method(counted):
    app, value = counted
    of = {"name": "fastpix_http_requests_total"}
    before = value(**of, rule="/docs", status="2xx"), value(**of, rule=""), value(**of, method="other")
    client = app.test_client()
    client.get("/docs?secret=1")
    client.get("/no/such/s3cret")
    client.open("/docs", method="S3CRET")
    after = value(**of, rule="/docs", status="2xx"), value(**of, rule=""), value(**of, method="other")
    assert [b - a for a, b in zip(before, after, strict=True)] == [
        1,
        2,
        1,
    ]  # a method that no page takes has no rule either
    assert "s3cret" not in ask(app).get_data(as_text=True).lower()
    assert value("fastpix_http_request_duration_seconds_count", rule="/docs") >= 1
    assert value("fastpix_build_info") == 1
    idle = value("fastpix_database_connections_in_use")
    with app.app_context():
        db.session.execute(sa.select(1))
        assert value("fastpix_database_connections_in_use") == idle + 1


@pytest.mark.sqlite
@pytest.mark.parametrize("key", ["short", "with spaces in it, long", "ü" * 20])
def test_a_key_that_can_be_guessed_is_refused(tmp_path, key):
    with pytest.raises(Misconfigured, match="not shown"):
        settings.load({"FASTPIX_INSTANCE_PATH": str(tmp_path), "FASTPIX_METRICS_KEY": key})


def test_the_measures_are_those_of_the_whole_instance(world):
    with world.app.app_context():
        gauges._bytes[0] = -gauges.BYTES_SECONDS
        db.session.add(Job(kind="media.ingest", args={}, state="failed", attempts=1))
        told = {m.name: m.values for m in gauges.take()}
        db.session.rollback()
    assert told["fastpix_jobs"]["media.ingest", "failed"] == 1 and told["fastpix_jobs"]["mail.deliver", "running"] == 0
    assert told["fastpix_uploads_open"][()] == 2 and told["fastpix_live_streams_on_air"][()] == 2
    assert told["fastpix_media_bytes"][()] >= 2 * 2000 and told["fastpix_mails_waiting"][()] == 0
    assert told["fastpix_storage_free_bytes"][()] > 0


@pytest.mark.sqlite
def test_a_database_that_is_away_shows_as_such(counted, monkeypatch):
    _app, value = counted
    assert value("fastpix_database_up") == 1

    def away():
        raise sa.exc.OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr("fastpix.mail.outbox.waiting_count", away)
    assert value("fastpix_database_up") == 0 and value("fastpix_build_info") == 1
