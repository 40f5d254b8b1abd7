"""Limits that two real processes share, in the database and in a real Redis; and what happens when that Redis is killed."""

from __future__ import annotations

import time

import httpx
import pytest

from fastpix.ratelimit.requests import WINDOW_SECONDS
from tests.running.server import Server

LIMIT = 40


@pytest.fixture
def pair(tmp_path):
    """`pair(redis_url="…")`: two web servers of one instance."""
    servers = []

    def start(**settings):
        settings = {"requests_per_token": str(LIMIT), "sign_in_attempts": "3", "log_level": "warning", **settings}
        (tmp_path / "other").mkdir()
        first = Server(tmp_path, **settings)
        second = Server(tmp_path / "other", **settings)
        second.settings["instance_path"] = first.settings["instance_path"]
        cast = first.seed()
        for server in (first, second):
            servers.append(server)
            server.start_web()
        return first, second, cast

    yield start
    for server in servers:
        server.stop()


def tokens(cast, who):
    return list(cast.people[who].tokens.values())


def until_refused(servers, *tokens):
    """How many requests go through until both servers refuse. Another token where a window ended meanwhile."""
    for token in tokens:
        window, passed = time.time() // WINDOW_SECONDS, 0
        for number in range(2 * LIMIT):
            server = servers[number % len(servers)]
            answer = httpx.get(f"{server.url}/v1/iam/me", auth=(str(token.id), token.secret))
            assert answer.status_code in (200, 429)
            passed += answer.status_code == 200
        if time.time() // WINDOW_SECONDS == window:
            return passed
    raise AssertionError("no window was long enough for so few requests")


def guesses(servers, email="mel@mel.example"):
    statuses = []
    for number in range(6):
        with httpx.Client(base_url=servers[number % len(servers)].url) as browser:
            page = browser.get("/sign-in")
            csrf = page.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
            form = {"email": email, "password": "wrong wrong wrong", "csrf_token": csrf}
            statuses.append(browser.post("/sign-in", data=form).status_code)
    return statuses


def test_two_processes_share_one_count_in_the_database(pair):
    first, second, cast = pair()
    assert LIMIT <= until_refused([first, second], *tokens(cast, "ada")) <= LIMIT + 4, (
        "a twentieth more for each of them at most"
    )


def test_two_processes_share_one_count_in_redis_and_survive_its_death(pair, redis):
    first, second, cast = pair(redis_url=redis.url)
    assert LIMIT <= until_refused([first, second], *tokens(cast, "ada")) <= LIMIT + 4
    assert guesses([first, second]) == [422] * 3 + [429] * 3
    redis.kill()
    # The database takes over with a count of its own: requests go on, and tries of passwords stay limited.
    other = "sam@sam.example"
    assert guesses([first, second], other) == [422] * 3 + [429] * 3
    assert "Redis does not answer (ConnectionError): counting in the database" in first.log
    assert redis.url not in first.log
    assert LIMIT <= until_refused([first, second], *tokens(cast, "rex")) <= LIMIT + 4
    redis.start()
    assert httpx.get(f"{first.url}/readyz").status_code == 200
