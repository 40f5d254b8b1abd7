"""`fleet`: the grown instance, once for a module; when it has stopped, its audit log and its storage are whole."""

from __future__ import annotations

import pytest

from tests import nginx, object_store
from tests.running.house import is_whole
from tests.scale.fleet import Fleet


@pytest.fixture(scope="module")
def bucket():
    with object_store.bucket("grown") as found:
        yield found


@pytest.fixture(scope="module")
def fleet(tmp_path_factory, postgres_server, redis, bucket):
    if nginx.is_missing:
        pytest.skip(nginx.MISSING)
    made = Fleet(tmp_path_factory.mktemp("fleet"), postgres_server.create("grown"), redis.url, bucket)
    try:
        made.start()
        yield made
    finally:
        made.stop()
    is_whole(made.webs[0])
    assert "Traceback" not in made.log
