"""Fixtures of delivery: a cinema, a viewer without cookies, a clock that one moves by hand."""

from __future__ import annotations

import pytest

from fastpix.delivery import playback_tokens, ttl_cache
from tests.cast import cookie_name
from tests.delivery.screening import Cinema


@pytest.fixture
def cinema(world):
    return Cinema(world)


@pytest.fixture
def viewer(world):
    """`viewer(path, **headers)`: a GET of somebody who is nobody; `method=` for others."""

    client = world.app.test_client(use_cookies=False)

    def fetch(path, method="GET", query=None, host="localhost", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://{host}"
        return client.open(path, method=method, query_string=query, headers=named, base_url=url, buffered=True)

    return fetch


@pytest.fixture
def signed_in(world):
    """`viewer(path, **signed_in("mel"))`: the browser of a person of the cast."""
    return lambda key: {"Cookie": f"{cookie_name(world.app)}={world.cast.people[key].session}"}


@pytest.fixture
def later(monkeypatch):
    """`later(4)`: the caches and the tokens live that many seconds later."""
    passed = {"seconds": 0.0}
    for module in (ttl_cache, playback_tokens):
        before = module.clock
        monkeypatch.setattr(module, "clock", lambda before=before: before() + passed["seconds"])

    def wait(seconds):
        passed["seconds"] += seconds

    return wait
