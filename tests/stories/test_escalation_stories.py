"""A member who sends more than the form asks for, and everybody who sets a role on everybody."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

import pytest

from fastpix.db import Base
from fastpix.web.api import OPERATIONS, Wire
from tests.access.persons import Caller, ask
from tests.access.routes import guarded, right_input
from tests.stories.tables import change, changed_columns, everything, rows

# Class 7: mass assignment. What Mel, a member, may change through each form; nothing else may ever differ.

ALWAYS = {"+audit_log", "+form_keys", "+limit_counts", "limit_counts.count", "limit_counts.ends_at", "-limit_counts",
          "sessions.last_seen_at", "sessions.address", "members.last_seen_at", "access_tokens.last_used_at",
          "access_tokens.last_used_from"}  # fmt: skip
ALLOWED = {
    "workspaces.edit": {"workspaces.name", "workspaces.name_folded", "workspaces.kind", "workspaces.description"},
    "members.leave": {"-members", "-member_workspaces", "organizations.member_count", "organizations.member_version",
                      "access_tokens.owner_id", "people.rights_changed_at"},
    "account.index": {"people.name", "people.name_folded", "person_words.name", "+person_words", "-person_words"},
    "account.theme": {"people.theme"},
    "account.checklist": {"people.hides_checklist"},
    "account.password": {"people.password_hash", "-sessions", "+sessions", "+known_devices"},
    "account.email": set(),
    "account.delete": set(),
    "second_factor.start": {"+second_factors"},
    "account.end_session": {"-sessions"},
    "account.end_other_sessions": {"-sessions"},
    "accounts_more.found": {"+organizations", "+members", "+workspaces"},
    "accounts.sign_out": {"-sessions"},
    "invite.accept": set(),
    "invite.ask": set(),
    "invite.sign_out": {"-sessions"},
}  # fmt: skip
MARK = "forged-by-mel"
MOMENT = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
MARK_ID = uuid.UUID("f0f0f0f0-0000-4000-8000-f0f0f0f0f0f0")


def _value(column):
    kind = column.type.__class__.__name__
    if column.name in ("role", "owner_role"):
        return "admin"
    if kind == "Uuid":
        return str(MARK_ID)
    if kind == "Boolean":
        return "true"
    if kind == "Integer":
        return "987654"
    if kind in ("UtcDateTime", "DateTime"):
        return MOMENT.isoformat()
    return MARK


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def forged():
    """Every column of every model, in both spellings, with a value that would show."""
    columns = {str(column.name): _value(column) for table in Base.metadata.sorted_tables for column in table.columns}
    assert {"role", "all_workspaces", "organization_id", "person_id", "password_hash", "email_verified_at"} <= set(
        columns
    )
    return columns | {_camel(name): value for name, value in columns.items()}


PAGE_FORMS = [r for r in guarded() if not r.is_api and r.method == "POST"]


def operation(route):
    path = re.sub(r"<([^>]+)>", r"{\1}", route.rule)
    return OPERATIONS[f"{route.method} {path}"]


API_BODIES = [r for r in guarded() if r.is_api and r.method != "GET" and operation(r).body]


@pytest.mark.full("most forms turn a member away; the next test asks as one who may")
@pytest.mark.sqlite
@pytest.mark.parametrize("route", PAGE_FORMS, ids=str)
def test_a_member_changes_nothing_but_what_the_form_is_for(world, cast, route, monkeypatch):
    extra = forged()

    def stuffed(route, scene):
        found = right_input(route, scene)
        found.body = {k: v for k, v in extra.items() if k not in found.body and k != "csrf_token"} | found.body
        return found

    monkeypatch.setattr("tests.access.persons.right_input", stuffed)
    before = everything(world)
    answer, _ = ask(world, route, Caller("mel", "session"))
    assert answer.status_code < 500
    changed = changed_columns(before, everything(world)) - ALWAYS
    assert changed <= ALLOWED.get(route.endpoint, set())
    mel = rows(world, "members", id=cast.acme.members["mel"])
    assert not mel or mel[0]["role"] == "member"
    for name in ("id", "email", "email_canonical", "email_verified_at", "created_at"):
        assert [row[name] for row in rows(world, "people", id=cast.people["mel"].id)] == [
            before["people"][(cast.people["mel"].id,)][name]
        ]
    if route.endpoint == "accounts_more.found":
        made = [row for row in rows(world, "organizations") if row["slug"] not in ("acme", "rival")]
        assert len(made) == 1 and made[0]["id"] != MARK_ID and made[0]["member_count"] == 1


@pytest.mark.full("every form twice; the seeded fault shows that it would be seen")
@pytest.mark.sqlite
@pytest.mark.parametrize("route", PAGE_FORMS, ids=str)
def test_who_may_changes_no_more_by_more_than_the_form_asks_for(world, route, monkeypatch):
    """The form as it is, and the same form with every column there is in it: both change the same columns, and no
    value that only the second one brought is stored."""
    person = MAY.get(route.endpoint, "ada")
    fields = fields_of_forms(monkeypatch)
    plain = effect(world, route, person)
    assert plain[0] < 400 or route.endpoint in NEVER_GOES_THROUGH, plain[0]
    extra = {name: value for name, value in forged().items() if name not in fields}
    assert {"organization_id", "member_version", "rights_changed_at"} <= set(extra)

    def stuffed(route, scene):
        found = right_input(route, scene)
        found.body = extra | found.body
        return found

    monkeypatch.setattr("tests.access.persons.right_input", stuffed)
    assert effect(world, route, person) == plain


# Who may, where it is not Ada: she is a member still, and nobody of the cast is an operator.
MAY = {"account.delete": "sam"}
# What even who may is refused, after the form was read: see INPUTS.
NEVER_GOES_THROUGH = {
    "account.email", "invite.accept", "second_factor.activate", "second_factor.turn_off", "second_factor.renew_codes",
    "second_factor.add_passkey", "second_factor.remove_passkey", "system.retry", "system.send_mails",
    "media_parts.captions", "members_suspension.resume",
}  # fmt: skip


def fields_of_forms(monkeypatch):
    """A set that takes up the names of the fields of every form that is made from here on."""
    from fastpix.web import forms

    made, begin = {"csrf_token"}, forms.Form.__init__

    def note(form, *args, **kwargs):
        begin(form, *args, **kwargs)
        made.update(form._fields)

    monkeypatch.setattr(forms.Form, "__init__", note)
    return made


def effect(world, route, who):
    """Status, columns that changed, and whether anything forged is stored; the world is put back."""
    before = everything(world)
    answer, _ = ask(world, route, Caller(who, "session"))
    after = everything(world)
    new = [row for name, old in before.items() for key, row in after[name].items() if old.get(key) != row]
    world.reset()
    traces = [each for row in new for each in row.values() if each in (987654, MARK_ID, MOMENT) or MARK in repr(each)]
    return answer.status_code, changed_columns(before, after) - ALWAYS, traces


def test_the_list_of_allowed_changes_names_forms_that_exist():
    assert set(ALLOWED) <= {route.endpoint for route in PAGE_FORMS}


@pytest.mark.sqlite
@pytest.mark.parametrize("who", ["mel", "ada"])
@pytest.mark.parametrize("route", API_BODIES, ids=str)
def test_a_json_body_with_a_foreign_field_is_refused_whole(world, route, who, monkeypatch):
    """422 for who may use the operation, naming the field; nothing of it happens."""
    body = operation(route).body
    fields = {f.alias or name for name, f in body.model_fields.items()} | set(body.model_fields)
    extra = {name: value for name, value in forged().items() if name not in fields}

    def stuffed(route, scene):
        found = right_input(route, scene)
        found.body = found.body | extra
        return found

    monkeypatch.setattr("tests.access.persons.right_input", stuffed)
    before = world.digest()
    answer, _ = ask(world, route, Caller(who, "people"))
    assert answer.status_code in ((422, 403) if who == "mel" else (422,))
    if answer.status_code == 422:
        assert {field["field"] for field in answer.json["error"]["fields"]} == set(extra)
    assert world.digest() == before


def test_every_wire_shape_that_comes_in_refuses_foreign_fields():
    for told in OPERATIONS.values():
        if told.body is not None:
            assert issubclass(told.body, Wire) and told.body.model_config["extra"] == "forbid", told.path


@pytest.mark.sqlite
def test_a_form_that_copied_its_body_would_be_seen(world, monkeypatch, cast):
    """Breaks the guard on purpose: a verb that takes what comes changes columns that are not allowed."""
    from fastpix.resources.workspaces import domain

    load = domain._load

    def careless(workspace_id):
        from flask import request

        workspace = load(workspace_id)
        workspace.slug = request.form.get("slug", workspace.slug)
        return workspace

    monkeypatch.setattr(domain, "_load", careless)
    route = next(r for r in PAGE_FORMS if r.endpoint == "workspaces.edit")
    with pytest.raises(AssertionError):
        test_a_member_changes_nothing_but_what_the_form_is_for(world, cast, route, monkeypatch)
    world.reset()
    monkeypatch.setattr("tests.access.persons.right_input", right_input)
    with pytest.raises(AssertionError):
        test_who_may_changes_no_more_by_more_than_the_form_asks_for(world, route, monkeypatch)


# Class 8: who sets which role on whom.

# (actor, target, new role): status of the API and of the page; targets "pat" are a pending invite.
TABLE = [
    ("ada", "mel", "admin", 200), ("ada", "mel", "member", 200), ("ada", "dana", "admin", 200),
    ("ada", "ada", "member", 409), ("ada", "ada", "admin", 200),
    ("mel", "mel", "admin", 403), ("mel", "ada", "member", 403), ("mel", "dana", "admin", 403), ("mel", "dana", "member", 403),
    ("dana", "dana", "admin", 403), ("dana", "ada", "member", 403),
    ("rex", "mel", "admin", 404), ("rex", "ada", "member", 404),
    ("eve", "eve", "admin", 404), ("eve", "ada", "member", 404),
    ("sam", "sam", "admin", 404), (None, "mel", "admin", 302),
]  # fmt: skip


def _id(cast, target):
    return cast.acme.members.get(target) or uuid.uuid4()


@pytest.mark.parametrize(("actor", "target", "role", "status"), TABLE)
def test_who_sets_which_role_on_whom_at_the_page(world, doors, cast, actor, target, role, status):
    before = everything(world)
    path = f"/o/acme/members/{_id(cast, target)}/edit"
    answer = doors(actor).page.post(path, {"role": role, "access": "all"})
    assert answer.status_code == (303 if status == 200 else status)
    _check_roles(before, everything(world), cast, target, role, status)


@pytest.mark.parametrize(("actor", "target", "role", "status"), [row for row in TABLE if row[0] not in ("sam", None)])
def test_who_sets_which_role_on_whom_at_the_api(world, doors, cast, actor, target, role, status):
    before = everything(world)
    answer = doors(actor).api.patch(f"iam/members/{_id(cast, target)}", {"role": role})
    assert answer.status_code == (401 if actor == "eve" else status)
    _check_roles(before, everything(world), cast, target, role, status)


def _check_roles(before, after, cast, target, role, status):
    changed = changed_columns(before, after) - ALWAYS
    if status != 200:
        assert changed == set()
    else:
        assert changed <= {"members.role", "organizations.member_version", "people.rights_changed_at"}
        assert after["members"][(cast.acme.members[target],)]["role"] == role


@pytest.mark.parametrize(("actor", "status"), [("ada", 200), ("mel", 403), ("rex", 404), ("eve", 401)])
def test_who_makes_a_pending_invite_an_admins(world, doors, cast, actor, status):
    before = world.digest()
    answer = doors(actor).api.patch(f"iam/invitations/{cast.acme.invitation}", {"role": "admin"})
    assert answer.status_code == status
    assert (world.digest() == before) is (status != 200)
    role = rows(world, "invitations", id=cast.acme.invitation)[0]["role"]
    assert role == ("admin" if status == 200 else "member")


def test_an_admin_demotes_another_admin_and_themselves_while_one_remains(ada, cast):
    mel, me = cast.acme.members["mel"], cast.acme.members["ada"]
    assert ada.api.patch(f"iam/members/{mel}", {"role": "admin"}).status_code == 200
    assert ada.api.patch(f"iam/members/{me}", {"role": "member"}).status_code == 200
    assert ada.api.patch(f"iam/members/{mel}", {"role": "member"}).status_code == 403, "demoted at once"


@pytest.mark.parametrize("role", ["owner", "Admin", "admin ", "", "root", None, ["admin"], {"x": 1}, True, 1])
def test_a_role_is_admin_or_member_and_nothing_else(world, ada, cast, role):
    before = world.digest()
    body = {"emails": ["a@b.example"], "role": role}
    assert ada.api.post("iam/invitations", body).status_code == 422
    if role is not None:
        assert ada.api.patch(f"iam/members/{cast.acme.members['mel']}", {"role": role}).status_code == 422
    if isinstance(role, str):
        form = {"role": role, "access": "all"}
        assert ada.page.post(f"/o/acme/members/{cast.acme.members['mel']}/edit", form).status_code == 422
    assert world.digest() == before


def test_a_narrow_admin_token_cannot_reach_the_people(ada, cast):
    """An admin token without the tick cannot give itself the tick, nor promote its friends."""
    narrow = ada.api_with("admin")
    assert narrow.patch(f"iam/members/{cast.acme.members['mel']}", {"role": "admin"}).status_code == 403
    body = {"name": "More", "workspaceId": str(cast.acme.workspace), "role": "admin", "mayManagePeople": True}
    assert narrow.post("iam/access-tokens", body).status_code == 422
    mighty = cast.acme.tokens["ada people"]
    assert narrow.post(f"iam/access-tokens/{mighty.id}/adopt").status_code == 422


def test_a_members_token_cannot_throw_out_its_owner(world, ada, cast):
    """To leave is a member's right too; with the tick, a token that may only look would have ended its owner's access."""
    asked = {"name": "Look", "workspaceId": str(cast.acme.workspace), "role": "member", "mayManagePeople": True}
    refused = ada.api.post("iam/access-tokens", asked)
    assert refused.status_code == 422 and "role admin" in refused.text
    typed = {"name": "Look", "workspace": str(cast.acme.workspace), "role": "member", "may_manage_people": "y"}
    page = ada.page.post("/o/acme/access-tokens/new", typed)
    assert page.status_code == 422 and "role admin" in page.text and 'value="Look"' in page.text
    change(
        world, "access_tokens", {"id": cast.acme.tokens["ada member"].id}, may_manage_people=True
    )  # of an old release
    change(world, "members", {"id": cast.acme.members["mel"]}, role="admin")  # so that she is not the last admin
    assert ada.api_with("member").post("iam/leave", {}).status_code == 403
    assert ada.api.get("iam/me").status_code == 200
