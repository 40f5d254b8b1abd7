"""The house's fixtures: an application on SQLite and PostgreSQL with the cast in it, the doors, closed sockets.

`app`, `world`, `cast` and the people run every test on both databases; a test that only looks at pages marks itself
`@pytest.mark.sqlite` (or a module `pytestmark = pytest.mark.sqlite`) and runs on SQLite alone. The lanes: `lanes.py`.
Never hold an app context open around a request: flask-login and flask-principal would carry one person over to the next.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager

import hypothesis
import pytest

from fastpix.app import create_app
from fastpix.db import PRAGMAS, db
from fastpix.delivery import metering
from tests import lanes, leftovers, postgres, redis_server
from tests.cast import acting_as
from tests.doors import Doors
from tests.world import World, migrate, test_settings

KINDS = ("sqlite", "postgres")
hypothesis.settings.register_profile("house", database=None, deadline=None)
hypothesis.settings.load_profile("house")
# Thousands of tests need no disk: that what was answered is stored is proved in `tests/running`, by kill -9.
PRAGMAS["synchronous"] = "OFF"


def pytest_configure(config):
    _heed_signals()
    # The tests start hundreds of programs, and each would compile all modules anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):  # xdist's workers live in the folder of who started them
        folder = leftovers.begin()
        config.option.basetemp = config.option.basetemp or str(folder / "t")


def _heed_signals():
    """Who starts the tests in the background or with nohup has SIGINT or SIGHUP ignored, and every program with them.

    A handler, not the default: this process goes on, and what it starts begins with the default.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_generate_tests(metafunc):
    if "world" not in metafunc.fixturenames:
        return
    marked = [kind for kind in KINDS if metafunc.definition.get_closest_marker(kind)]
    is_short = lanes.is_quick(metafunc.config) and not metafunc.definition.get_closest_marker("sql")
    metafunc.parametrize("world", marked or KINDS[: 1 if is_short else 2], indirect=True)


def pytest_ignore_collect(collection_path, config):
    """Nothing is imported for tests that are not to run."""
    return True if lanes.is_left_out(collection_path, config) else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Grouped before xdist reads the groups, and sorted after pytest has put them in an order of its own."""
    lanes.group(items)
    lanes.try_twice(items, config.rootpath / "tests")
    yield
    lanes.sort(items)


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL of this test process. Skips, with what to install, where the binaries are missing."""
    server = _start(postgres.start, postgres.Missing)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def restartable_postgres():
    """A PostgreSQL of the module's own: a test may shut it down and start it again."""
    server = _start(lambda: postgres.start(postgres.Restartable), postgres.Missing)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def redis():
    """A Redis of its own: a test may kill it. Skips, with what to install, where the binary is missing."""
    server = _start(redis_server.RedisServer, redis_server.Missing)
    yield server
    server.kill()


def _start(start, missing):
    """A started program; skips the test where its binaries are `missing`, with what that says."""
    try:
        return start()
    except missing as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def worlds(request, tmp_path_factory):
    """`worlds("sqlite")`: the one world of this process on that database, built when first asked for."""
    built = {}

    def get(kind):
        if kind not in built:
            folder = tmp_path_factory.mktemp(f"instance-{kind}")
            url = request.getfixturevalue("postgres_server").create("house") if kind == "postgres" else ""
            built[kind] = World(kind, test_settings(folder, database_url=url))
        return built[kind]

    yield get
    for world in built.values():
        world.close()


@pytest.fixture
def world(request, worlds):
    """The application, its database and the cast, as new. `world.digest()`, `world.session()`, `world.reset()`."""
    found = worlds(request.param)
    found.reset()
    return found


@pytest.fixture
def app(world):
    return world.app


@pytest.fixture
def cast(world):
    return world.cast


@pytest.fixture
def doors(world):
    """`doors("mel")`: a person of the cast at both doors; `doors(None)`: nobody. Fresh cookies each."""
    return lambda key: Doors(world.app, world.cast.people[key] if key else None)


@pytest.fixture
def acting(world):
    """`with acting("ada"):` an app context with that person in force, for calling verbs. Commits at its end."""

    @contextmanager
    def act(key):
        with world.session(), acting_as(world.cast, key) as actor:
            yield actor

    return act


@pytest.fixture
def make_app(tmp_path, request):
    """`make_app(smtp_url="smtp://…")`: a further application with other settings, on a database of its own,
    migrated and without a cast. The process's settings are the new one's until the next test."""
    made = []

    def make(**given):
        app = create_app(test_settings(tmp_path / f"instance-{len(made)}", **given))
        migrate(app)
        with app.app_context():
            made.append(db.engine)
        return app

    yield make
    for engine in made:
        engine.dispose()


def _person(key):
    @pytest.fixture(name=key)
    def person(doors):
        return doors(key)

    return person


ada, mel, rex, dana, eve, sam = (_person(key) for key in ("ada", "mel", "rex", "dana", "eve", "sam"))


@pytest.fixture
def anonymous(doors):
    return doors(None)


@pytest.fixture(autouse=True)
def no_counting_behind_the_back(monkeypatch):
    """What delivery counts is written when a test says so, not by a thread some seconds later."""
    monkeypatch.setattr(metering, "later", lambda application: None)


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch):
    """Tests reach nobody: sockets go to this machine or nowhere."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(address):
        host = address[0] if isinstance(address, tuple) else None
        if host is None or host == "localhost":
            return
        if not ipaddress.ip_address(host).is_loopback:
            raise RuntimeError(f"a test tried to connect to {address}")

    monkeypatch.setattr(socket.socket, "connect", lambda self, a: (check(a), connect(self, a))[1])
    monkeypatch.setattr(socket.socket, "connect_ex", lambda self, a: (check(a), connect_ex(self, a))[1])


@pytest.fixture(autouse=True)
def no_foreign_settings(monkeypatch):
    """Settings of the machine the tests run on must not decide their outcome."""
    for name in [name for name in os.environ if name.startswith("FASTPIX_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def eventually():
    """Look again until `condition` gives something true, and return that."""

    def poll(condition, seconds=15.0):
        end = time.monotonic() + seconds
        while not (answer := condition()):
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)
        return answer

    return poll
