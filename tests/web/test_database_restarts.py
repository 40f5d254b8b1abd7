"""PostgreSQL is restarted, and pgbouncer stands before it, while people work: no request fails, and nothing is there twice."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from fastpix import postgresql_server
from fastpix.access import tenancy
from fastpix.app import create_app
from fastpix.cli import backup, context, maintenance
from fastpix.db import db
from fastpix.jobs import worker
from fastpix.resources.workspaces.models import Workspace
from tests import pgbouncer
from tests.cast import make_cast
from tests.cli.test_cli import PASSWORD, Operator, closed_at_the_end
from tests.doors import Doors
from tests.world import migrate
from tests.world import test_settings as settings_for

pytestmark = pytest.mark.full("a server is stopped and started, hundreds of requests are sent")
REQUESTS, CLIENTS = 300, 6
WELL = {("page", 200), ("api", 200), ("form", 303)}


@pytest.fixture
def pooled(restartable_postgres):
    try:
        started = pgbouncer.Pgbouncer(restartable_postgres)
    except pgbouncer.Missing as problem:
        pytest.skip(str(problem))
    yield started
    started.stop()


@pytest.fixture
def serve(tmp_path):
    """`serve(url)`: an application on that database, migrated, and its cast."""
    engines = []

    def make(url):
        app = create_app(settings_for(tmp_path / "instance", database_url=url))
        migrate(app)
        with app.app_context():
            engines.append(db.engine)
        return app, make_cast(app)

    yield make
    for engine in engines:
        engine.dispose()


def work(app, cast, name, errands, seen, stop=None):
    """Look, ask the API, and send forms in turn, `errands` times or until `stop`. `seen` is told kind and status of each."""
    ada = Doors(app, cast.people["ada"])
    for number in range(errands):
        if stop is not None and stop.is_set():
            return
        if number % 3 == 0:
            seen.append(("page", ada.page.get("/o/acme/members/").status_code))
        elif number % 3 == 1:
            seen.append(("api", ada.api.get("iam/workspaces").status_code))
        else:
            form = {"name": f"{name} {number}", "kind": "production"}
            seen.append(("form", ada.page.post("/o/acme/workspaces/new", form).status_code))


def stored(app):
    with app.app_context(), tenancy.everywhere("all workspaces are counted"):
        return db.session.scalar(sa.select(sa.func.count(Workspace.id)))


def test_no_request_fails_while_postgresql_is_restarted(restartable_postgres, serve, eventually):
    app, cast = serve(restartable_postgres.create("restarted"))
    before, seen, stop = stored(app), [], threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(work, app, cast, f"client {n}", 10_000, seen, stop) for n in range(CLIENTS)]
        for _ in range(3):
            answered = len(seen)
            eventually(lambda there=answered: len(seen) > there + 3 * CLIENTS, 60)
            restartable_postgres.shut_down()
            restartable_postgres.start_again()
        answered = len(seen)
        eventually(lambda: len(seen) > answered + 3 * CLIENTS, 60)
        stop.set()
        for client in clients:
            client.result()
    assert Counter(seen).keys() == WELL, Counter(seen)
    assert stored(app) - before == seen.count(("form", 303))


def test_a_database_that_stays_away_is_told_after_a_while_and_at_once_from_then_on(
    restartable_postgres, serve, monkeypatch, eventually
):
    monkeypatch.setattr(postgresql_server, "PATIENCE_SECONDS", 1.0)
    app, cast = serve(restartable_postgres.create("away"))
    ada = Doors(app, cast.people["ada"])
    restartable_postgres.shut_down()
    try:
        answer = ada.page.post("/o/acme/workspaces/new", {"name": "Typed", "kind": "production"})
        assert answer.status_code == 503 and "load this page again" in answer.text
        assert ada.api.get("iam/workspaces").status_code == 503
    finally:
        restartable_postgres.start_again()
    eventually(lambda: ada.api.get("iam/workspaces").status_code == 200)


def test_pgbouncer_in_transaction_mode_serves_everything(restartable_postgres, pooled, serve, tmp_path, monkeypatch):
    """Its connections are handed on after each transaction: what is left in one would meet somebody else."""
    restartable_postgres.create("pooled")
    app, cast = serve(pooled.url("pooled"))
    seen = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(work, app, cast, f"client {n}", REQUESTS // CLIENTS, seen) for n in range(CLIENTS)]
        for client in clients:
            client.result()
    assert len(seen) == REQUESTS and Counter(seen).keys() == WELL, Counter(seen)
    done = []
    while worker.run_one(app, {"mail.deliver": done.append, "media.process": done.append}, "a worker"):
        pass
    with closed_at_the_end(monkeypatch, context, backup, maintenance):
        _commands_work(Operator(tmp_path / "operated"), pooled.url("operated"), restartable_postgres)


def _commands_work(operator, url, restartable_postgres):
    restartable_postgres.create("operated")
    operator.environment["FASTPIX_DATABASE_URL"] = url
    ada = ("--email", "ada@ada.example", "--name", "Ada", "--organization", "Acme", "--password-stdin")
    for words, given in [
        (("upgrade",), ""), (("create-admin", *ada), PASSWORD + "\n"), (("list-users",), ""), (("audit", "verify"), ""),
        (("storage", "check"), ""), (("upgrade",), ""), (("list-users",), ""),
    ]:  # fmt: skip
        result = operator.run(*words, given=given)
        assert result.exit_code == 0, result.output
    operator.fails("backup", str(operator.folder / "b.tar"), saying="pgbouncer")


@pytest.mark.sql("what the server says of a closed connection")
def test_a_closed_connection_is_never_used(restartable_postgres, serve, eventually):
    app, _ = serve(restartable_postgres.create("closed"))
    with app.app_context():
        connections = [db.engine.connect() for _ in range(4)]
        for connection in connections:
            connection.close()
        others = "pg_stat_activity WHERE datname = 'closed' AND pid <> pg_backend_pid()"
        with db.engine.connect() as killer:
            killer.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM {others}"))
            eventually(lambda: killer.rollback() or killer.scalar(sa.text(f"SELECT count(*) FROM {others}")) == 0)
        for _ in range(4):
            with db.engine.connect() as connection:
                assert connection.scalar(sa.text("SELECT 1")) == 1


@pytest.mark.sql("what the server keeps of a statement")
def test_statements_are_prepared_where_nobody_stands_between(restartable_postgres, serve, pooled):
    """Prepared in pgbouncer's sessions, they would meet others' of the same name."""
    app, _ = serve(restartable_postgres.create("prepared"))
    for url, is_prepared in ((restartable_postgres.url("prepared"), True), (pooled.url("prepared"), False)):
        app = create_app(settings_for(Path(app.instance_path), database_url=url))
        with app.app_context(), db.engine.connect() as connection:
            for _ in range(postgresql_server.PREPARED_FROM + 2):
                connection.execute(sa.text("SELECT 1"))
            kept = connection.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements"))
            assert bool(kept) is is_prepared
            connection.close()
            db.engine.dispose()
