"""`server`: the real `fastpix up` with the cast in its database, once for a module."""

from __future__ import annotations

import pytest

from tests.running.server import Server


@pytest.fixture
def make_server(tmp_path):
    """`make_server(smtp_url=…)`: a further instance, not started; whatever it started is stopped at the end."""
    made = []

    def make(**settings):
        folder = tmp_path / f"server-{len(made)}"
        folder.mkdir()
        made.append(Server(folder, **settings))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running instance; `server.cast` is who and what is in it."""
    with Server.running(tmp_path_factory.mktemp("server")) as server:
        yield server
