"""How a line is shaped in both formats, and that what looks like a secret is starred in either."""

from __future__ import annotations

import io
import json
import logging

import pytest

from fastpix.config.settings import Settings
from fastpix.jobs import queue, worker
from fastpix.monitoring import logs
from fastpix.web import log_context
from tests.doors import ApiDoor


@pytest.fixture
def logged():
    """`logged("json")`: what is logged from then on, in that format."""
    log, stream = logging.getLogger("fastpix"), io.StringIO()
    before, handler = log.level, logging.StreamHandler(stream)

    def begin(shape):
        handler.setFormatter(logs.formatter(shape))
        log.setLevel(logging.INFO)
        log.addHandler(handler)
        return stream

    yield begin
    log.removeHandler(handler)
    log.setLevel(before)


def test_what_a_line_names_becomes_fields(logged):
    stream = logged("json")
    logging.getLogger("fastpix.live").info("live.over stream=%s pieces=%d seconds=%.2f", "abc", 7, 1.23456)
    line = json.loads(stream.getvalue())
    assert line["message"] == "live.over" and line["level"] == "info" and line["logger"] == "fastpix.live"
    assert (line["stream"], line["pieces"], line["seconds"]) == ("abc", 7, 1.235)
    assert line["time"].endswith("+00:00") and len(line["time"]) == len("2026-11-24T12:00:00.000+00:00")


@pytest.mark.parametrize(("words", "given", "message"), [
    ("passkey %s of %s: went back to %d", ("a", "b", 3), "passkey a of b: went back to 3"),
    ("100%% of it at rate=%d%%", (5,), "100% of it at%"), ("plain", (), "plain"), ("half %s kind=%s", ("x", "y"), "half x"),
    ("named %(what)s", ({"what": "so"},), "named so"),
])  # fmt: skip
def test_places_without_a_name_stay_in_the_words(logged, words, given, message):
    stream = logged("json")
    logging.getLogger("fastpix.x").warning(words, *given)
    assert json.loads(stream.getvalue())["message"] == message


def test_a_field_cannot_pass_for_the_level_or_the_time(logged):
    stream = logged("json")
    logging.getLogger("fastpix.x").info("told level=%s time=%s", "error", "never")
    line = json.loads(stream.getvalue())
    assert line["level"] == "info" and line["time"] != "never"


def test_an_object_is_one_line_whatever_is_in_it(logged):
    stream = logged("json")
    logging.getLogger("fastpix.x").warning("said=%s", 'a\nb"\u2028 {"level": "error"}')
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("fastpix.x").exception("broken")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2 and "ValueError: two\nlines" in json.loads(lines[1])["exception"]


SECRETS = [
    ("GET /i/s3cret HTTP/1.1", "GET /i/*** HTTP/1.1"), ("/stream/x.m3u8?token=s3cret&a=1", "/stream/x.m3u8?token=***&a=1"),
    ("Authorization: Bearer s3cret-s3cret", "Authorization: Bearer ***"), ("basic czNjcmV0OnMzY3JldA==", "basic ***"),
    ("postgresql://u:s3cret@host/x", "postgresql://***@host/x"), ("redis://:s3cret@h:6379/0", "redis://***@h:6379/0"),
    ("said eyJhbGciOi.eyJzdWIi.s3cret.", "said ***."), ("https://host/a@b", "https://host/a@b"),
]  # fmt: skip


@pytest.mark.parametrize("shape", ["text", "json"])
@pytest.mark.parametrize(("words", "starred"), SECRETS)
def test_what_looks_like_a_secret_is_starred(logged, shape, words, starred):
    stream = logged(shape)
    logging.getLogger("fastpix.x").warning("it said %s", words)
    logging.getLogger("fastpix.x").warning("named error=%s", words)
    try:
        raise ValueError(words)
    except ValueError:
        logging.getLogger("fastpix.x").exception("broken")
    assert stream.getvalue().count(starred) == 3 and "s3cret" not in stream.getvalue()


def test_without_the_mask_a_secret_would_show(logged, monkeypatch):
    """Breaks the guard on purpose."""
    monkeypatch.setattr(logs, "starred", lambda text: text)
    stream = logged("json")
    logging.getLogger("fastpix.x").warning("it said %s", "GET /i/s3cret")
    assert "s3cret" in stream.getvalue()


@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_line_of_a_request_tells_whose_it_is(world, logged, monkeypatch, shape):
    stream, ada = logged(shape), world.cast.people["ada"]

    def log_something(*_args):
        logging.getLogger("fastpix.x").warning("in the middle")
        return 404

    monkeypatch.setattr("fastpix.web.envelope.success", lambda *_args: log_something() or "")
    door = ApiDoor(world.app, ada.tokens["people"])
    try:
        door.get("iam/me?q=s3cret", headers={"X-Request-Id": "request-77"})
    finally:
        told = stream.getvalue()
    assert "request-77" in told and "s3cret" not in told
    if shape == "json":
        line = json.loads(told.splitlines()[0])
        assert line["token_id"] == str(ada.tokens["people"].id) and line["organization_id"] == str(world.cast.acme.id)
        assert (line["method"], line["rule"], line["person_id"]) == ("GET", "/v1/iam/me", str(ada.id))


@pytest.mark.sqlite
def test_the_web_server_finds_who_asked_and_the_rule_without_the_path(world, mel, monkeypatch):
    seen, answer = [], world.app.wsgi_app
    monkeypatch.setattr(world.app, "wsgi_app", lambda environ, start: seen.append(environ) or answer(environ, start))
    secret = world.cast.acme.invite_secret
    for path in (f"/i/{secret}", f"/o/acme/members/{world.cast.acme.members['ada']}/edit", "/no-such/page"):
        mel.page.get(path)
    invite, edit, nowhere = (environ[log_context.FACTS] for environ in seen)
    assert invite["rule"] == "/i/<secret>" and secret not in str(invite)
    assert edit["rule"] == "/o/<org>/members/<uuid:member_id>/edit" and edit["method"] == "GET"
    assert edit["person_id"] == world.cast.people["mel"].id and edit["organization_id"] == world.cast.acme.id
    assert nowhere["rule"] == "" and "no-such" not in str(nowhere)


@pytest.mark.sqlite
def test_a_line_of_a_job_tells_which(world, logged):
    stream = logged("json")

    def handle(_args):
        logging.getLogger("fastpix.x").warning("half way")

    with world.app.app_context():
        job = queue.enqueue("test.kind", {}, organization_id=world.cast.acme.id)
        queue.db.session.commit()
    worker.run_one(world.app, {"test.kind": handle}, "me")
    half, done = map(json.loads, stream.getvalue().splitlines())
    assert (half["job_id"], half["job_kind"]) == (str(job), "test.kind")
    assert (done["message"], done["id"], done["attempt"]) == ("job.done", str(job), 1)
    assert done["organization_id"] == str(world.cast.acme.id) and done["seconds"] >= 0


def test_libraries_speak_from_warnings_on_whatever_the_level(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    logs.configure("debug", "json")
    assert isinstance(root.handlers[0].formatter, logs.Objects)
    assert not logging.getLogger("some.library").isEnabledFor(logging.INFO)
    assert logging.getLogger("fastpix.x").isEnabledFor(logging.DEBUG)
    logging.getLogger("fastpix").setLevel(logging.NOTSET)


def test_lines_for_people_are_the_default():
    assert isinstance(logs.formatter(Settings().log_format), logs.Lines)
