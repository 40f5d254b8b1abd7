"""flask-principal 0.4.0's five traps, pinned against the library itself, and that the house stays clear of each."""

from __future__ import annotations

import ast
from collections import namedtuple
from importlib.metadata import version

import flask
import flask_principal
import pytest
from flask_principal import AnonymousIdentity, Identity, Permission, Principal, RoleNeed

from fastpix.access import principal, table
from tests.sources import MODULES, PACKAGE, nodes

A, B = RoleNeed("a"), RoleNeed("b")


def holder(*needs):
    identity = Identity("somebody")
    identity.provides = set(needs)
    return identity


def small_app(**options):
    app = flask.Flask("small")
    app.config.update(SECRET_KEY="small", PROPAGATE_EXCEPTIONS=False)
    return app, Principal(app, **options)


def test_the_version_is_the_measured_one():
    assert version("flask-principal") == "0.4.0"


def test_trap_1_a_permission_without_needs_admits_everybody():
    assert Permission().allows(AnonymousIdentity())


def test_trap_2_several_needs_mean_any_of_them():
    assert Permission(A, B).allows(holder(A))


def test_trap_2_the_operators_do_not_mean_what_they_say():
    both, either, same = Permission(A) & Permission(B), Permission(A) | Permission(B), Permission(A) | Permission(A)
    assert both.allows(holder(A)), "`&` means or"
    assert not either.allows(holder(B)), "`|` keeps only the first one's"
    assert same.allows(AnonymousIdentity()), "`p | p` is empty and admits everybody"


def test_trap_3_with_sessions_a_token_leaves_its_identity_in_a_cookie():
    app, principals = small_app()

    @principals.identity_loader
    def load():
        return Identity("token") if flask.request.headers.get("Authorization") else None

    @app.get("/")
    def who():
        return str(flask.g.identity.id)

    browser = app.test_client()
    assert browser.get("/", headers={"Authorization": "x"}).text == "token"
    assert browser.get("/").text == "token", "the token is gone, its identity is not"


def test_trap_4_require_without_a_code_raises_and_with_one_shows_the_needs():
    app, _ = small_app()

    @app.get("/bare")
    @Permission(A).require()
    def bare():
        return "in"

    @app.get("/coded")
    @Permission(A).require(403)
    def coded():
        return "in"

    assert app.test_client().get("/bare").status_code == 500
    refused = app.test_client().get("/coded")
    assert refused.status_code == 403
    assert "needs=" in refused.text and "Need(method=" in refused.text


def test_trap_5_a_guard_above_the_route_guards_nothing():
    app, _ = small_app()

    @Permission(A).require(403)
    @app.get("/")
    def open_door():
        return "in"

    assert app.test_client().get("/").text == "in"


def test_needs_are_compared_by_type_too():
    Need = namedtuple("Need", "method id")
    assert not Permission(Need("edit", 1)).allows(holder(Need("edit", "1")))


def test_the_house_has_one_need_a_permission_and_no_empty_one():
    assert set(principal.PERMISSION_OBJECTS) == set(table.ROWS)
    for key, permission in principal.PERMISSION_OBJECTS.items():
        assert permission.needs == {principal.ActionNeed("action", key)}
        assert not permission.excludes
        assert not permission.allows(AnonymousIdentity())


def test_the_house_keeps_no_identity_in_the_browser(app, ada):
    answer = ada.api.get("iam/me")
    assert "Set-Cookie" not in answer.headers
    browser = ada.api.client.application.test_client()
    assert browser.get("/v1/iam/me", headers=dict(answer.request.headers)).status_code == 200
    assert browser.get("/v1/iam/me").status_code == 401


def test_two_people_in_one_process_stay_two(ada, mel, anonymous):
    for _ in range(2):
        assert ada.api.get("iam/me").json["data"]["role"] == "admin"
        assert mel.api.get("iam/me").json["data"]["role"] == "member"
        assert anonymous.api.get("iam/me").status_code == 401
        assert anonymous.page.get("/account").status_code == 302


@pytest.mark.xdist_group("sources")
def test_no_module_makes_combines_or_requires_permissions_but_the_one():
    """`require` of flask-principal raises or leaks; PermissionDenied is handled in one place."""
    mentioned = {word: set() for word in ("Permission", "require")}
    for module, path in MODULES.items():
        for node in nodes(module):
            names = {getattr(node, "attr", ""), getattr(node, "id", "")}
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "postgresql_server":
                continue  # its `require` is of a database
            if isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.name for alias in node.names}
            for word in names & set(mentioned):
                mentioned[word].add(str(path.relative_to(PACKAGE)))
    assert mentioned == {"Permission": {"access/principal.py"}, "require": set()}


def test_flask_principal_is_what_decides(monkeypatch, app, ada):
    """Not a decoration: without its word nobody gets in."""
    monkeypatch.setattr(flask_principal.Permission, "allows", lambda self, identity: False)
    assert ada.api.get("iam/me").status_code == 403
