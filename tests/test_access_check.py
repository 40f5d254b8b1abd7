"""`fastpix access check`: it finds nothing on what is shipped, every fault put in on purpose, and touches nothing real."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

import pytest
from click.testing import CliRunner

from fastpix import cli
from fastpix.access.tenancy import everywhere
from fastpix.app import create_app
from fastpix.db import db
from fastpix.proof import command, matrix
from fastpix.proof.cast import STANDING
from fastpix.proof.policy import POLICY
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import resource
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


def surprises(proof, endpoint):
    return [
        result
        for route in proof.routes()
        if route.endpoint == endpoint
        for result in proof.results_of(route)
        if result.is_surprise
    ]


def test_what_is_shipped_holds_no_surprise_and_nothing_real_is_touched(tmp_path, monkeypatch):
    folder = tmp_path / "instance"
    app = create_app(world.test_settings(folder))
    world.migrate(app)
    with app.app_context():
        db.engine.dispose()
    (folder / "settings.toml").write_text('trusted_proxies = "1"\ninvite_days = "3"\n')
    before = contents(folder)
    monkeypatch.setenv("FASTPIX_INSTANCE_PATH", str(folder))
    monkeypatch.setenv("FASTPIX_PUBLIC_URL", "https://video.example")
    result = CliRunner().invoke(cli.main, ["access", "check", "--all", "--json"])
    assert result.exit_code == 0, result.output[-3000:]
    told = json.loads(result.output)
    assert told["surprises"] == 0 and told["tried"] == len(told["results"])
    assert {row["endpoint"] for row in told["results"]} >= set(POLICY)
    assert {row["person"].partition(" ")[0] for row in told["results"]} == {*STANDING, "nobody"}
    assert "fastpix.db" in before and contents(folder) == before


def test_nothing_is_found_where_nothing_is_wrong(prove):
    proof = prove()
    for endpoint in ("workspaces.delete", "workspaces_api.get_get", "workspaces_api.delete_delete"):
        assert surprises(proof, endpoint) == []


def test_a_view_whose_guard_is_gone_is_seen(prove):
    def change(app):
        def opened(**_values):
            return "everything"

        opened.action = app.view_functions["signing_keys.index"].action
        app.view_functions["signing_keys.index"] = opened

    found = surprises(prove(change), "signing_keys.index")
    # Who is in no organization of that name is stopped before the view, by another guard.
    assert {result.person for result in found} == {"member (session)", "demoted (session)"}


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


def test_an_endpoint_the_policy_does_not_know_is_seen(prove):
    def change(app):
        def more():
            return resource.conclude(("more", 200))

        more.action = workspaces.search.action
        app.add_url_rule("/o/<org>/more", "more", lambda org: more())
        app.view_functions["more"].action = more.action

    found = surprises(prove(change), "more")
    assert "everybody" in {result.person for result in found} and len(found) > 1


def test_a_surprise_is_printed_and_is_exit_code_1(monkeypatch):
    row = matrix.Result("workspaces.delete", "POST", "/o/<org>/", "member (session)", "dashboard", "403", "303", True)
    monkeypatch.setattr(command.matrix, "run", lambda given: [row, row])
    result = CliRunner().invoke(cli.main, ["access", "check"])
    assert result.exit_code == 1
    assert "workspaces.delete  POST" in result.output and "member (session)" in result.output
    assert "2 surprises" in result.output


def test_an_endpoint_without_a_guard_is_a_surprise_too(monkeypatch, tmp_path):
    def refuse(*_given):
        raise RuntimeError("secret has no guard (see fastpix.app.PUBLIC)")

    monkeypatch.setattr(matrix, "Proof", refuse)
    (found,) = matrix.run(world.test_settings(tmp_path))
    assert found.endpoint == "secret" and found.is_surprise
