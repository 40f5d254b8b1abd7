"""`fleet`: the grown instance, once for a module; when it has stopped, its audit log and its storage are whole."""

from __future__ import annotations

import pytest

from tests import nginx, object_store, postgres, redis_server
from tests.redis_server import RedisServer
from tests.running.house import is_whole
from tests.scale.fleet import Fleet


@pytest.fixture(scope="module")
def redis():
    try:
        server = RedisServer()
    except redis_server.Missing as missing:
        pytest.skip(str(missing))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def database():
    try:
        server = postgres.start()
    except postgres.Missing as missing:
        pytest.skip(str(missing))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def bucket():
    with object_store.bucket("grown") as found:
        yield found


@pytest.fixture(scope="module")
def fleet(tmp_path_factory, database, redis, bucket):
    if nginx.is_missing:
        pytest.skip(nginx.MISSING)
    made = Fleet(tmp_path_factory.mktemp("fleet"), database.create("grown"), redis.url, bucket)
    try:
        made.start()
        yield made
    finally:
        made.stop()
    is_whole(made.webs[0])
    assert "Traceback" not in made.log
