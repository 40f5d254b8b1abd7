"""Both places where counts are kept, held to the same: counts add up, end by themselves, and begin anew."""

from __future__ import annotations

import pytest

from fastpix.ratelimit import storage
from tests.running.server import eventually


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def store(request, make_app):
    if request.param == "redis":
        client = storage._client(request.getfixturevalue("redis").url)
        yield storage.RedisStorage(client)
        client.close()
        return
    url = request.getfixturevalue("postgres_server").create("counts") if request.param == "postgres" else ""
    with make_app(database_url=url).app_context():
        yield storage.DatabaseStorage()


def test_counts_add_up_and_keep_their_end(store):
    assert store.increment("here", 1, 60) == 1
    assert 58 <= store.seconds_left("here") <= 60
    assert store.increment("here", 3, 600) == 4
    assert store.seconds_left("here") <= 60, "the end is that of the first"
    assert store.increment("there", 2, 60) == 2
    store.clear("here")
    assert store.seconds_left("here") == 0
    assert store.increment("here", 1, 60) == 1
    assert store.increment("there", 1, 60) == 3


@pytest.mark.full("waits for a second to pass, on each of three")
def test_a_count_ends_by_itself_and_begins_anew(store):
    assert store.increment("short", 5, 1) == 5
    eventually(lambda: store.seconds_left("short") == 0)
    assert store.increment("short", 2, 60) == 2
    assert store.seconds_left("short") > 1
