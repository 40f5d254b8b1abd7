"""Limits on requests: who is counted, what an answer says of it, and what counting costs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.ratelimit import requests, storage
from fastpix.ratelimit.requests import Limit, Rates
from tests.limited import NOON, Clock, limited
from tests.resources.members.test_query_counts import statements

pytestmark = pytest.mark.sqlite


def test_an_api_answer_says_what_is_left(world, ada):
    clock = limited(world, requests_per_token=3, requests_per_organization=5)
    clock.at += 18
    first, second = ada.api.get("iam/me"), ada.api.get("iam/me")
    assert first.headers["RateLimit-Policy"] == '"token";q=3;w=60, "organization";q=5;w=60'
    assert first.headers["RateLimit"] == '"token";r=2;t=42, "organization";r=4;t=42'
    assert second.headers["RateLimit"] == '"token";r=1;t=42, "organization";r=3;t=42'


def test_a_used_up_token_waits_and_nothing_is_done(world, ada):
    clock = limited(world, requests_per_token=2)
    clock.at += 30.5
    ada.api.get("iam/me")
    assert ada.api.get("iam/nothing-here").status_code == 404, "an address without an operation is a stranger's"
    ada.api.get("iam/me")
    before = world.digest()
    refused = ada.api.post("iam/workspaces", {"name": "One too many"})
    assert refused.status_code == 429 and world.digest() == before
    assert refused.headers["Retry-After"] == "29" and refused.headers["RateLimit"].startswith('"token";r=0;t=29')
    error = refused.json["error"]
    assert refused.json["success"] is False and error["code"] == 429
    assert error["message"] == "Too many requests with this token. Wait 29 seconds and try again."
    clock.at = NOON + 60
    assert ada.api.post("iam/workspaces", {"name": "One too many"}).status_code == 201


def test_an_organization_is_limited_over_all_its_tokens(world, ada, mel, rex):
    limited(world, requests_per_token=3, requests_per_organization=4)
    assert [door.api.get("iam/me").status_code for door in (ada, ada, ada, mel)] == [200] * 4
    refused = mel.api.get("iam/me")
    assert refused.status_code == 429 and "in this organization" in refused.json["error"]["message"]
    assert refused.headers["RateLimit"].startswith('"token";r=2;'), "a refused request is counted nowhere"
    assert rex.api.get("iam/me").status_code == 200, "another organization goes on"


def test_a_person_is_limited_whatever_browser_they_use(world, doors, mel):
    limited(world, requests_per_person=3)
    pages = [doors("ada").page for _ in range(4)]
    answers = [page.get("/o/acme/settings") for page in pages]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert b"Too many requests by you. Wait 60 seconds" in answers[-1].data
    assert answers[-1].headers["Retry-After"] == "60" and "RateLimit" not in answers[0].headers
    assert mel.page.get("/o/acme/settings").status_code == 200
    assert pages[0].get("/static/app.css").status_code == 200, "a refused page may look like one"
    assert pages[0].get("/healthz").status_code == 200


def test_zero_is_no_limit_and_no_header(world, ada):
    limited(world, requests_per_token=0, requests_per_organization=0, requests_per_person=0)
    answer = ada.api.get("iam/me")
    assert answer.status_code == 200 and not [name for name, _ in answer.headers if name.startswith("RateLimit")]
    assert ada.page.get("/o/acme/settings").status_code == 200


def test_only_one_request_in_twenty_parts_of_a_limit_writes(world, ada):
    limited(world, requests_per_token=200, requests_per_organization=2000)
    ada.api.get("iam/me")
    with statements(world.engine) as seen:
        for _ in range(99):
            assert ada.api.get("iam/me").status_code == 200
    writes = [statement for statement in seen if re.match("INSERT|UPDATE|DELETE", statement)]
    assert len([s for s in writes if s.startswith("UPDATE limit_counts")]) == 10 * 2, "two limits in ten transactions"
    assert len(writes) <= 10 * 2 + 2 * 2 + 1, "the first of a window is inserted, and what is old removed"


def test_the_limit_holds_over_both_of_two_processes(world):
    """Two counts, one store: what one settles, the other hears at its own next settling."""
    limit, clock = Limit("token", "t", 100), Clock()
    here, there = Rates(clock), Rates(clock)
    with world.session():
        store = storage.DatabaseStorage()
        taken = 0
        for number in range(200):
            one = here if number % 2 else there
            _, problem = one.take([limit])
            taken += problem is None
            if one.due([limit]):
                one.settle([limit], store)
    assert 100 <= taken <= 100 + 2 * limit.batch


@given(some.lists(some.tuples(some.integers(0, 3), some.floats(0, 30)), max_size=150), some.integers(1, 60))
def test_no_window_lets_through_more_than_it_may(steps, most):
    """Whatever order some processes ask in: a limit, and a twentieth of it for each of them."""
    limit, clock, store = Limit("token", "t", most), Clock(), _Memory()
    processes = [Rates(clock) for _ in range(4)]
    passed: dict[int, int] = {}
    for which, seconds in steps:
        clock.at += seconds
        _, problem = processes[which].take([limit])
        window = int(clock.at // requests.WINDOW_SECONDS)
        passed[window] = passed.get(window, 0) + (problem is None)
        if problem is None and processes[which].due([limit]):
            processes[which].settle([limit], store)
        if problem is not None:
            assert 1 <= problem.retry_after <= 60
    assert all(count <= most + 4 * limit.batch for count in passed.values())


class _Memory:
    def __init__(self):
        self.kept = {}

    def increment(self, key, amount, seconds):
        self.kept[key] = self.kept.get(key, 0) + amount
        return self.kept[key]


class _Broken:
    def increment(self, key, amount, seconds):
        raise ConnectionError


def test_a_store_that_fails_ends_no_counting():
    limit, one = Limit("token", "t", 3), Rates(Clock())
    for _ in range(3):
        assert one.take([limit])[1] is None
        with pytest.raises(ConnectionError):
            one.settle([limit], _Broken())
        assert not one.due([limit]), "it is not asked again for the same request"
    assert one.take([limit])[1] is not None
    store = _Memory()
    one.settle([limit], store)
    assert list(store.kept.values()) == [3], "another store is told all of it"
