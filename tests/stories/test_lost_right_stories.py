"""At the same moment: a change, and the end of the right to it. Whatever comes second finds the right gone.

Real threads, real locks. What is later than the end is told by the audit log: the end notes its moment while it holds
the lock (`tests/access/losing.py`), and a row of the log is stamped while its change does.
"""

from __future__ import annotations

import io
import itertools
import random
import time
from functools import partial
from urllib.parse import urlsplit

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from fastpix.access import authority
from tests.access.losing import BY_SESSION, BY_TOKEN, lose, second_admin
from tests.access.test_fresh_steps import grow_stale
from tests.access.test_races import together
from tests.cast import PASSWORD
from tests.doors import ApiDoor, PageDoor
from tests.stories.tables import rows

pytestmark = [pytest.mark.full("threads, in many rounds"), pytest.mark.sql("locks decide who is first")]

# By hand it was 60.
ROUNDS = 3
# What a loss touches, put back before each round.
TOUCHED = {
    "organizations", "members", "member_workspaces", "access_tokens", "invitations", "people", "sessions", "uploads", "tracks",
}  # fmt: skip
NUMBERS = itertools.count()
MULTIPART = "multipart/form-data; boundary={}"


def page(world):
    return PageDoor(world.app, world.cast.people["ada"].session)


def form(world):
    return page(world).post("/o/acme/workspaces/new", {"name": f"Made {next(NUMBERS)}", "kind": "production"})


def people(world):
    path = f"/o/acme/members/{world.cast.acme.members['dana']}/edit"
    return page(world).post(path, {"role": "member", "access": "all"})


def confirm_step(world):
    """The proof comes with the change: a password is checked between the two."""
    sent = {"workspace": str(world.cast.acme.workspace), "fresh_step": "y", "fresh_password": PASSWORD}
    return page(world).post("/o/acme/signing-keys/new", sent)


def film(world):
    sent = {"workspace": str(world.cast.acme.workspace), "policy": "public", "resolution": "1080p", "mp4": "none"}
    return _file(world, "/o/acme/media/upload", sent, b"not much of a film")


def track(world):
    sent = {"kind": "subtitle", "language_code": "de", "language_name": "German"}
    content = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n"
    return _file(world, f"/o/acme/media/{world.cast.acme.shelf.media}/tracks/new", sent, content)


def _file(world, path, sent, content):
    door = page(world)
    whole = sent | {"file": FileStorage(io.BytesIO(content), "a.vtt"), "csrf_token": door.csrf_token()}
    boundary, body = encode_multipart(whole)
    return door.client.post(path, data=body, content_type=MULTIPART.format(boundary))


def api(world):
    return ApiDoor(world.app, world.cast.people["ada"].tokens["people"]).post(
        "iam/workspaces", {"name": f"Made {next(NUMBERS)}"}
    )


def asked(world):
    """A fresh upload address of Ada's token: its path."""
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    door = ApiDoor(world.app, world.cast.people["ada"].tokens["people"])
    url = urlsplit(door.post("on-demand/upload", body).json["data"]["url"])
    return f"{url.path}?{url.query}"


def upload(world, path):
    return world.app.test_client(use_cookies=False).put(path, data=b"not much of a film")


CHANGES = {
    form: BY_SESSION,
    people: BY_SESSION,
    confirm_step: BY_SESSION,
    film: BY_SESSION,
    track: BY_SESSION,
    api: BY_TOKEN,
    upload: BY_TOKEN,
}
PAIRS = [(change, way) for change, ways in CHANGES.items() for way in ways]


@pytest.fixture
def two_admins(world):
    """Ada and Mel are admins, and so the world starts every round."""
    second_admin(world)
    with world.rounds_begin_here():
        yield world


def later_than_the_end(world, change, way, rounds):
    """Of so many rounds, how many changes are later than the end of the right; and all answers."""
    too_late, answers = 0, set()
    for _ in range(rounds):
        world.put_back(TOUCHED)
        if change is confirm_step:
            grow_stale(world)
        errand = partial(change, world, *([asked(world)] if change is upload else []))
        moment, answer = together(
            lambda: after_a_while(lambda: lose(world, CHANGES[change][way])), partial(after_a_while, errand)
        )
        answers.add(answer.status_code)
        told = rows(world, "audit_log", request_id=answer.headers["X-Request-Id"], result="done")
        # The proof of the confirm step stands for itself, whatever becomes of the change.
        too_late += any(row["at"] > moment for row in told if row["action"] != "account.sign_in")
    return too_late, answers


def after_a_while(errand):
    """At some moment of the next hundredths of a second, so that each part of a request is met."""
    end = time.perf_counter() + random.random() * 0.03
    while time.perf_counter() < end:
        pass
    return errand()


@pytest.mark.parametrize(("change", "way"), PAIRS, ids=[f"{change.__name__}-{way}" for change, way in PAIRS])
def test_nothing_is_changed_after_the_right_to_it_ended(two_admins, change, way):
    too_late, answers = later_than_the_end(two_admins, change, way, ROUNDS)
    assert too_late == 0
    assert answers <= {200, 201, 303, 302, 401, 403, 404, 410}, answers


def test_without_the_second_look_some_change_is_later(two_admins, monkeypatch):
    """Breaks the wall on purpose, for the change that takes longest on its way."""
    monkeypatch.setattr(authority, "read", lambda *_args, **_more: None)
    monkeypatch.setattr(authority, "is_read", lambda _actor: True)
    found = (later_than_the_end(two_admins, confirm_step, "demotion", 10)[0] for _ in range(20))
    assert any(found), "the moments never met"
