"""`fastpix access check`: it finds nothing on what is shipped, every fault put in on purpose, and touches nothing real."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from fastpix.access.tenancy import everywhere
from fastpix.access_check import matrix, throwaway
from fastpix.access_check.callers import STANDING, routes_of
from fastpix.access_check.contents import Contents
from fastpix.access_check.policy import POLICY
from fastpix.app import create_app
from fastpix.cli import access_check, group
from fastpix.db import db, set_reading
from fastpix.errors import Misconfigured
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import pages
from tests import world

pytestmark = pytest.mark.sqlite


def contents(folder):
    """Every file below a folder with a hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def prove(tmp_path):
    """`prove(change)`: the proof of an application that `change(app)` spoilt."""
    made = []

    def prove(change=lambda app: None):
        def make_app(given):
            app = create_app(given)
            change(app)
            return app

        made.append(matrix.Proof(world.test_settings(tmp_path / "real"), tmp_path, make_app))
        return made[-1]

    yield prove
    for proof in made:
        proof.close()


def databases(url, prefix):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        names = connection.execute(
            sa.text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)"), {"prefix": prefix}
        )
        return sorted(names.scalars())


def surprises(proof, endpoint):
    return [
        result
        for route in routes_of(proof.app)
        if route.endpoint == endpoint
        for result in proof.results_of(route)
        if result.is_surprise
    ]


@pytest.mark.full("26 seconds: every endpoint as everybody, which the matrix tries too")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_is_shipped_holds_no_surprise_and_nothing_real_is_touched(kind, request, tmp_path, monkeypatch):
    folder = tmp_path / "instance"
    server = request.getfixturevalue("postgres_server") if kind == "postgres" else None
    url = server.create("checked") if server else f"sqlite:///{folder / 'fastpix.db'}"
    app = create_app(world.test_settings(folder, database_url=url))
    world.migrate(app)
    with app.app_context():
        stored = Contents(db.engine)
        db.engine.dispose()
    untouched = stored.digest()
    (folder / "settings.toml").write_text('trusted_proxies = "1"\ninvite_days = "3"\n')
    before = contents(folder)
    monkeypatch.setenv("FASTPIX_INSTANCE_PATH", str(folder))
    monkeypatch.setenv("FASTPIX_PUBLIC_URL", "https://video.example")
    monkeypatch.setenv("FASTPIX_DATABASE_URL", url)
    result = CliRunner().invoke(group.main, ["access", "check", "--all", "--json"])
    assert result.exit_code == 0, result.output[-3000:]
    told = json.loads(result.output)
    assert told["surprises"] == 0 and told["tried"] == len(told["results"])
    assert {row["endpoint"] for row in told["results"]} >= set(POLICY)
    assert {row["person"].partition(" ")[0] for row in told["results"]} == {*STANDING, "nobody"}
    assert ("fastpix.db" in before) is (kind == "sqlite") and contents(folder) == before
    assert stored.digest() == untouched
    stored.close()
    assert server is None or databases(server.url("postgres"), throwaway.PREFIX) == []


def test_nothing_is_found_where_nothing_is_wrong(prove):
    proof = prove()
    for endpoint in ("workspaces.delete", "workspaces_api.get_get", "workspaces_api.delete_delete"):
        assert surprises(proof, endpoint) == []


@pytest.mark.sql("what the database of the check holds after a change is put back by its own statements")
def test_on_postgresql_a_fault_is_seen_and_what_it_stored_is_put_back(postgres_server, tmp_path):
    operators = postgres_server.create("operators")

    def make_app(given):
        app = create_app(given)
        app.view_functions["workspaces.delete"] = app.view_functions["workspaces.edit"]
        return app

    with throwaway.database(operators, tmp_path) as url:
        assert databases(operators, throwaway.PREFIX) == [sa.make_url(url).database]
        proof = matrix.Proof(world.test_settings(tmp_path / "real"), tmp_path, make_app, database_url=url)
        assert surprises(proof, "workspaces.delete") and surprises(proof, "workspaces_api.delete_delete") == []
        untouched = proof.digest()
        with proof.app.app_context():
            set_reading(False)
            db.session.execute(sa.text("DELETE FROM audit_log"))
            db.session.commit()
        assert proof.is_touched()
        proof.reset()
        assert not proof.is_touched() and proof.digest() == untouched
        proof.close()
    assert databases(operators, throwaway.PREFIX) == []


@pytest.mark.sql("who may make a database")
def test_on_postgresql_a_user_without_the_right_is_told_how_to_give_it(postgres_server, tmp_path):
    operators = postgres_server.create("operators")
    engine = sa.create_engine(operators, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS modest")
        connection.exec_driver_sql("CREATE ROLE modest LOGIN")
    modest = sa.make_url(operators).set(username="modest").render_as_string(hide_password=False)
    said = r'permission denied.* ALTER ROLE "modest" CREATEDB\. Or add --sqlite'
    with pytest.raises(Misconfigured, match=said), throwaway.database(modest, tmp_path):
        pytest.fail("a database was made")


@pytest.mark.sql("which databases are in use")
def test_on_postgresql_what_a_killed_check_left_is_dropped_and_another_check_stays(postgres_server, tmp_path):
    operators = postgres_server.create("operators")
    postgres_server.create(f"{throwaway.PREFIX}left")
    busy = sa.create_engine(postgres_server.create(f"{throwaway.PREFIX}busy"), poolclass=sa.NullPool)
    with busy.connect(), throwaway.database(operators, tmp_path) as url:
        assert databases(operators, throwaway.PREFIX) == sorted([f"{throwaway.PREFIX}busy", sa.make_url(url).database])
    with throwaway.database(operators, tmp_path):
        assert len(databases(operators, throwaway.PREFIX)) == 1


def test_a_view_whose_guard_is_gone_is_seen(prove):
    def change(app):
        def opened(**_values):
            return "everything"

        opened.action = app.view_functions["signing_keys.index"].action
        app.view_functions["signing_keys.index"] = opened

    found = surprises(prove(change), "signing_keys.index")
    # Who is in no organization of that name is stopped before the view, by another guard.
    assert {result.person for result in found} == {"member (session)", "demoted (session)"}


@pytest.mark.full("an application and its cast anew")
def test_a_wrong_need_is_seen(prove):
    """Guarded by what members may, where the policy says workspaces.delete."""

    def change(app):
        app.view_functions["workspaces.delete"] = app.view_functions["workspaces.edit"]

    found = surprises(prove(change), "workspaces.delete")
    assert {result.person for result in found} == {"member (session)", "demoted (session)"}


def test_an_object_found_by_its_id_alone_is_seen(prove, monkeypatch):
    load = workspaces._load

    def careless(workspace_id):
        with everywhere("a fault put in on purpose"):
            return load(workspace_id)

    proof = prove()
    monkeypatch.setattr(workspaces, "_load", careless)
    found = surprises(proof, "workspaces_api.get_get")
    assert {(result.person, result.got) for result in found} == {("outsider (people)", "200")}
    page = surprises(proof, "workspaces.detail")
    assert any(result.person.startswith("outsider (session, foreign ids") for result in page)


@pytest.mark.full("an application and its cast anew")
def test_a_change_made_before_the_refusal_is_seen(prove):
    def change(app):
        guarded = app.view_functions["workspaces_api.delete_delete"]

        def hasty(**values):
            with everywhere("a fault put in on purpose"):
                db.session.delete(workspaces._load(UUID(values["workspaceId"])))
                db.session.commit()
            return guarded(**values)

        hasty.action = guarded.action
        app.view_functions["workspaces_api.delete_delete"] = hasty

    found = surprises(prove(change), "workspaces_api.delete_delete")
    assert any(result.person == "member (people)" and "something was stored" in result.got for result in found)


@pytest.mark.full("an application and its cast anew")
def test_an_endpoint_the_policy_does_not_know_is_seen(prove):
    def change(app):
        def more():
            return pages.conclude(("more", 200))

        more.action = workspaces.search.action
        app.add_url_rule("/o/<org>/more", "more", lambda org: more())
        app.view_functions["more"].action = more.action

    found = surprises(prove(change), "more")
    assert "everybody" in {result.person for result in found} and len(found) > 1


def test_a_surprise_is_printed_and_is_exit_code_1(monkeypatch):
    row = matrix.Result("workspaces.delete", "POST", "/o/<org>/", "member (session)", "dashboard", "403", "303", True)
    monkeypatch.setattr(access_check.matrix, "run", lambda given, on_sqlite: [row, row])
    result = CliRunner().invoke(group.main, ["access", "check"])
    assert result.exit_code == 1
    assert "workspaces.delete  POST" in result.output and "member (session)" in result.output
    assert "2 surprises" in result.output


def test_an_endpoint_without_a_guard_is_a_surprise_too(monkeypatch, tmp_path):
    def refuse(*_given, **_more):
        raise RuntimeError("secret has no guard (see fastpix.app.PUBLIC)")

    monkeypatch.setattr(matrix, "Proof", refuse)
    (found,) = matrix.run(world.test_settings(tmp_path))
    assert found.endpoint == "secret" and found.is_surprise
