"""The tests of access, tested: each fault below was put in on purpose, and the matrix or its neighbours must see it."""

from __future__ import annotations

import dataclasses
from uuid import UUID

import pytest
import sqlalchemy as sa

from fastpix.access import principal, table
from fastpix.access.tenancy import everywhere
from fastpix.app import PUBLIC
from fastpix.db import db
from fastpix.resources.access_tokens import authentication
from fastpix.resources.members import domain as members
from fastpix.resources.members import membership
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.workspaces import domain as workspaces
from fastpix.resources.workspaces.models import Workspace
from fastpix.web import pages, startup_checks
from tests.access import test_foreign_objects, test_live_role_change, test_matrix
from tests.access.persons import Caller, scene_of
from tests.access.routes import POLICY, right_input, routes, routes_of

pytestmark = pytest.mark.sqlite


def route(name, method):
    return next(r for r in routes() if r.endpoint == name and r.method == method)


@pytest.fixture
def put_in(world, monkeypatch):
    """`put_in(endpoint, view)`: another view at an endpoint of the running application."""

    def put(endpoint, view):
        view.action = world.app.view_functions[endpoint].action
        monkeypatch.setitem(world.app.view_functions, endpoint, view)

    return put


def test_nothing_is_found_where_nothing_is_wrong(world):
    assert test_matrix.faults(world, route("workspaces.delete", "POST")) == []
    assert test_matrix.faults(world, route("workspaces_api.delete_delete", "DELETE")) == []


def test_a_route_without_a_guard_stops_the_boot(make_app):
    app = make_app()
    app.add_url_rule("/o/<org>/secret", "secret", lambda: "everything")
    with pytest.raises(RuntimeError, match="secret has no guard"):
        startup_checks.check_endpoints(app, PUBLIC)


def test_a_view_that_is_a_coroutine_stops_the_boot(world, monkeypatch):
    async def view(**_values):
        return "nobody waits for this"

    view.action = world.app.view_functions["workspaces.delete"].action
    monkeypatch.setitem(world.app.view_functions, "workspaces.delete", view)
    with pytest.raises(RuntimeError, match=r"workspaces\.delete is a coroutine"):
        startup_checks.check_endpoints(world.app, PUBLIC)


def test_a_new_route_must_be_described(make_app, world):
    app = make_app()
    app.add_url_rule("/o/<org>/new-thing", "new_thing", lambda: "", methods=["POST"])
    new = next(r for r in routes_of(app) if r.endpoint == "new_thing")
    with pytest.raises(KeyError, match="no entry in INPUTS"):
        right_input(new, scene_of(world, new, Caller("ada", "session")))


def test_a_guard_and_wall_that_are_gone_are_seen(world, put_in):
    def opened(**_values):
        workspace = db.session.scalar(sa.select(Workspace).where(Workspace.id == world.cast.acme.workspace))
        db.session.delete(workspace)
        return pages.conclude(("{}", 200))

    put_in("workspaces_api.delete_delete", opened)
    found = test_matrix.faults(world, route("workspaces_api.delete_delete", "DELETE"))
    assert any("by mel (people): 200 instead of 403" in fault for fault in found)


def test_a_wrong_permission_is_seen_by_the_policy():
    wrong = route("workspaces.delete", "POST")
    wrong = dataclasses.replace(wrong, action=workspaces.edit.action)
    assert test_matrix.asks_for(wrong) != POLICY[wrong.endpoint]


def test_a_permission_given_to_the_wrong_role_is_seen(world, monkeypatch):
    """The guard lets members in; the table, from which the verdict comes, does not."""
    everything = frozenset(table.ROWS)
    monkeypatch.setattr(table, "permissions_of", lambda role, switches=frozenset(): everything)
    found = test_matrix.faults(world, route("workspaces.delete", "POST"))
    assert any("by mel (session): 303 instead of 403" in fault for fault in found)


def test_a_row_deleted_before_the_refusal_is_seen(world, put_in):
    guarded = world.app.view_functions["workspaces_api.delete_delete"]

    def hasty(**values):
        with everywhere("a fault put in on purpose"):
            db.session.execute(sa.delete(Workspace).where(Workspace.id == world.cast.acme.workspace))
        db.session.commit()
        return guarded(**values)

    put_in("workspaces_api.delete_delete", hasty)
    found = test_matrix.faults(world, route("workspaces_api.delete_delete", "DELETE"))
    assert any("by mel (people): refused with 403, and yet something was stored" in fault for fault in found)


def test_an_object_loaded_before_the_guard_is_seen(world, put_in):
    """A 404 for what is not there tells a member what is."""
    guarded = world.app.view_functions["signing_keys_api.get_get"]

    def curious(**values):
        with principal.acting(principal.system("fault", world.cast.acme.id)):
            signing_keys.get(UUID(values["signingKeyId"]))
        return guarded(**values)

    put_in("signing_keys_api.get_get", curious)
    found = test_matrix.faults(world, route("signing_keys_api.get_get", "GET"))
    assert any("tells whether the thing exists" in fault for fault in found)


def test_a_role_kept_from_an_earlier_request_is_seen(monkeypatch, world, doors, cast):
    kept, read = {}, membership.of_person
    monkeypatch.setattr(membership, "of_person", lambda person_id: kept.setdefault(person_id, read(person_id)))
    mel = doors("mel")
    assert test_live_role_change.keys_page(mel) == 403
    with world.session(), principal.acting(principal.system("Ada", cast.acme.id)):
        members.edit(cast.acme.members["mel"], role="admin")
    assert test_live_role_change.keys_page(mel) != 200, "what the live test asserts does not hold any more"


def test_an_object_found_by_its_id_alone_is_seen(world, ada, monkeypatch):
    load = workspaces._load

    def careless(workspace_id):
        with everywhere("a fault put in on purpose"):
            return load(workspace_id)

    monkeypatch.setattr(workspaces, "_load", careless)
    with pytest.raises(AssertionError, match="workspace: 200"):
        test_foreign_objects.test_a_foreign_id_of_no_kind_is_there(world, ada, route("workspaces_api.get_get", "GET"))


def test_a_token_whose_owner_does_not_count_is_seen(world, monkeypatch):
    prove = authentication.prove

    def generous(token_id, secret):
        found = prove(token_id, secret)
        return found and dataclasses.replace(found, owner_role="admin")

    monkeypatch.setattr(authentication, "prove", generous)
    found = test_matrix.faults(world, route("workspaces_api.create_post", "POST"))
    assert any("by dana (people): 201 instead of 403" in fault for fault in found)


def test_a_tick_that_does_not_count_is_seen(world, monkeypatch):
    prove = authentication.prove

    def generous(token_id, secret):
        found = prove(token_id, secret)
        return found and dataclasses.replace(found, may_manage_people=True)

    monkeypatch.setattr(authentication, "prove", generous)
    found = test_matrix.faults(world, route("members_api.remove_delete", "DELETE"))
    assert any("by ada (admin): 200 instead of 403" in fault for fault in found)
