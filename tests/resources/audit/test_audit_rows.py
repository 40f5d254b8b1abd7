"""Every change leaves exactly one row in the audit log, through whichever door, and no row holds a secret."""

from __future__ import annotations

import json
import re

import pytest

from fastpix.access.action import ACTIONS
from fastpix.accounts import operator, setup
from fastpix.db import now
from fastpix.resources.members import domain as members
from fastpix.resources.workspaces import domain as workspaces
from tests.access.persons import Caller, ask
from tests.access.routes import guarded
from tests.access.test_fresh_steps import go_on, grow_stale
from tests.accounts.authenticator import add_passkey, begin_passkey, passkey_page, removal, sign_in_alone
from tests.accounts.codes import enrol, waiting_app
from tests.cast import PASSWORD
from tests.doors import PageDoor
from tests.stories.tables import change, rows

NEW = "a quite different phrase"
# Anything as long and as random as our secrets, hashes of them, and keys.
SECRET = re.compile(r"fpx_|PRIVATE KEY|argon2|/i/|/reset/|(?<![\w-])[\w-]{43}(?![\w-])|[0-9a-f]{64}|[A-Za-z0-9+/]{200}")

CHANGING = [r for r in guarded() if r.action.changes and r.method != "GET"]
# Who does it, where Ada cannot: she is still a member, the invite is not hers, and there is no mail server.
OTHERS = {"account.delete": "sam"}
ELSEWHERE = {
    "invite.accept",
    "account.email",
    "second_factor.activate",
    "second_factor.turn_off",
    "second_factor.renew_codes",
    "second_factor.add_passkey",
    "second_factor.remove_passkey",
    "system.retry",  # by an operator, as the next: tests/monitoring/test_system_page.py
    "system.send_mails",
}
# What this server does not offer answers 501 and changes nothing.
NOT_OFFERED = {r.endpoint for r in CHANGING if r.endpoint.startswith("not_offered_api.")} | {
    "tracks_api.generate_subtitles_post",  # with a speech model: tests/resources/media/test_captions.py
    "media_parts.captions",
}


def new_rows(world, before, result="done"):
    return [row for row in rows(world, "audit_log") if row["id"] not in before and row["result"] == result]


def ids(world):
    return {row["id"] for row in rows(world, "audit_log")}


def check(row, key):
    assert (row["action"], row["result"], row["area"]) == (key, "done", key.partition(".")[0])
    assert row["number"] and row["hash"] != row["previous_hash"]
    assert row["target_kind"] and row["actor_name"] and row["at"] <= now()
    said = json.dumps([row["before"], row["after"], row["target_name"]])
    assert not SECRET.search(said), said
    assert PASSWORD not in said and NEW not in said


@pytest.mark.parametrize("route", [r for r in CHANGING if r.endpoint not in ELSEWHERE | NOT_OFFERED], ids=str)
def test_a_change_through_a_door_leaves_one_row(world, route):
    before = ids(world)
    who = OTHERS.get(route.endpoint, "ada")
    if is_resuming := "resume" in route.endpoint:  # elsewhere nobody is suspended, and it is refused
        change(world, "members", {"id": world.cast.acme.members["mel"]}, suspended_at=now())
    answer, status = ask(world, route, Caller(who, "people" if route.is_api else "session"))
    assert answer.status_code < 400 and (answer.status_code == status or is_resuming)
    found = new_rows(world, before)
    assert len(found) == 1
    check(found[0], route.action.key)
    assert found[0]["door"] == ("api" if route.is_api else "dashboard")
    assert found[0]["actor_kind"] == ("token" if route.is_api else "person")
    assert found[0]["request_id"] == answer.headers["X-Request-Id"] and found[0]["address"] == "127.0.0.1"
    if route.action.key.split(".")[0] not in ("account", "sessions", "organizations") and route.in_organization:
        assert found[0]["organization_id"] == world.cast.acme.id


@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in CHANGING if r.endpoint not in ELSEWHERE | NOT_OFFERED], ids=str)
def test_a_refused_change_leaves_none(world, route):
    before = ids(world)
    answer, _ = ask(world, route, Caller(None, "nothing" if route.is_api else "session"))
    assert answer.status_code in (302, 401)
    if route.action.key in (
        "members.edit",
        "members.remove",
        "members.invite",
        "access_tokens.create",
        "organizations.edit",
    ):
        ask(world, route, Caller("mel", "people" if route.is_api else "session"))
        assert [row["action"] for row in new_rows(world, before, "denied")] == [route.action.key]
    assert new_rows(world, before) == []


# The verbs behind public pages and commands, which have no guarded route of their own.


def _invite(office, address):
    made = office.doors("ada").api.post("iam/invitations", {"emails": [address], "role": "member"})
    return made.json["data"][0]["link"].rpartition("/")[2]


def _through_invite(address, who, path, form):
    def act(office):
        secret = _invite(office, address)
        if path == "/invite/prove":
            secret = office.path(address, "invitation").rpartition("/")[2]
        page = office.doors(who).page
        page.get(f"/i/{secret}")
        return lambda: page.post(path, form)

    return act


def _unproved(office):
    change(office.world, "people", {"email": "sam@sam.example"}, email_verified_at=None)
    return _through_invite("sam@sam.example", None, "/invite/prove", {"password": NEW})(office)


def _reset(office):
    page = office.doors().page
    page.post("/forgot", {"email": "mel@mel.example"})
    page.get(office.path("mel@mel.example", "password_reset"))
    return lambda: page.post("/reset", {"password": NEW})


def _change_email(office):
    page = office.doors("mel").page
    page.post("/account/email", {"email": "new@mel.example"})
    page.get(office.path("new@mel.example", "email_change"))
    return lambda: page.post("/email")


def _command(verb, *arguments):
    def run(office):
        def act():
            with office.world.session():
                verb(*arguments)

        return act

    return run


def _uploaded(office):
    path = office.world.cast.acme.shelf.upload_url.removeprefix("http://localhost")
    return lambda: office.world.app.test_client().put(path, data=b"all of the file")


def _enrolled(path):
    """A person whose second factor is on goes to a page of it."""

    def prepare(office):
        page = office.doors("mel").page
        enrol(page)
        return lambda: page.post(path)

    return prepare


def _first_code(office):
    page = office.doors("mel").page
    page.post("/account/second-factor/start")
    code = waiting_app(page).code(-1)
    return lambda: page.post("/account/second-factor/confirm", {"code": code})


def _passkey(then):
    """A person with a passkey goes on: `then(page, authenticator)` is the change."""

    def prepare(office):
        page = office.doors("mel").page
        key = add_passkey(page)
        act = then(page, key)
        return lambda: act()

    return prepare


def _new_passkey(office):
    page = office.doors("mel").page
    form = begin_passkey(page)
    return lambda: page.post(passkey_page("/passkeys"), form)


def _code_after_password(office):
    app = enrol(office.doors("mel").page)
    page = office.doors().page
    page.post("/sign-in", {"email": "mel@mel.example", "password": PASSWORD})
    return lambda: page.post("/sign-in/code", {"code": app.code()})


def _confirm(office):
    page = office.doors("mel").page
    grow_stale(office.world, "mel")
    asked = page.post("/account/second-factor/start")

    def act():
        answer = go_on(page, "/account/second-factor/start", asked)
        assert rows(office.world, "second_factors"), "the asked-for change went on"
        return answer

    return act


PUBLIC_VERBS = {
    "resources.media.uploads.domain._make_media": ("media.create", _uploaded),
    "accounts.domain.sign_in": ("account.sign_in", lambda office: lambda: office.doors().page.post(
        "/sign-in", {"email": "mel@mel.example", "password": PASSWORD})),
    "accounts.joining.accept": ("invitations.accept", _through_invite("sam@sam.example", "sam", "/invite/accept", {})),
    "accounts.joining.join_as_new": ("invitations.accept", _through_invite(
        "new@new.example", None, "/invite/join", {"name": "New", "password": NEW})),
    "accounts.joining.join_with_new_password": ("invitations.accept", _unproved),
    "accounts.recovery.ask_reset": ("account.reset", lambda office: lambda: office.doors().page.post(
        "/forgot", {"email": "mel@mel.example"})),
    "accounts.recovery.reset": ("account.reset", _reset),
    "accounts.recovery.ask_email": ("account.email", lambda office: lambda: office.doors("mel").page.post(
        "/account/email", {"email": "new@mel.example"})),
    "accounts.recovery.change_email": ("account.email", _change_email),
    "accounts.operator._create_admin": ("instance.set_up", _command(
        operator.create_admin, "op@op.example", "Op", "Op's", NEW)),
    "accounts.second_factor.activate": ("account.second_factor", _first_code),
    "accounts.second_factor.turn_off": ("account.second_factor", _enrolled("/account/second-factor/off")),
    "accounts.second_factor.renew_codes": ("account.second_factor", _enrolled("/account/second-factor/codes")),
    "accounts.passkeys.add": ("account.second_factor", _new_passkey),
    "accounts.passkeys.remove": ("account.second_factor", _passkey(lambda page, key: lambda: page.post(removal(page)))),
    "accounts.domain.sign_in_with_passkey": ("account.sign_in", _passkey(
        lambda page, key: lambda: sign_in_alone(PageDoor(page.app), key))),
    "accounts.domain.finish_sign_in": ("account.sign_in", _code_after_password),
    "accounts.domain.confirm": ("account.sign_in", _confirm),
    "accounts.operator._reset_second_factor": ("account.second_factor", _command(
        operator.reset_second_factor, "mel@mel.example")),
    "accounts.operator._set_operator": ("instance.operate", _command(operator.set_operator, "mel@mel.example", True)),
    "accounts.operator._reset_password": ("account.reset", _command(operator.reset_password, "mel@mel.example", NEW)),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC_VERBS)
def test_a_change_of_a_person_leaves_one_row(office, name):
    key, prepare = PUBLIC_VERBS[name]
    act = prepare(office)
    before = ids(office.world)
    answer = act()
    assert answer is None or answer.status_code in (200, 303)
    found = new_rows(office.world, before)
    if name == "accounts.domain.confirm":  # the proof, and then the change it was asked for
        found = [row for row in found if row["action"] == key]
    assert len(found) == 1
    check(found[0], key)
    assert found[0]["door"] == ("cli" if "operator" in name else "api" if "uploads" in name else "dashboard")


def test_the_set_up_leaves_one_row(make_app):
    import sqlalchemy as sa

    from fastpix.db import db, reading

    app = make_app()
    token = setup.make_token(app.config["FASTPIX"]).read_text().strip()
    form = {"token": token, "organization": "Mine", "name": "Me", "email": "me@me.example", "password": NEW}
    assert PageDoor(app).post("/set-up", form).status_code == 303
    with app.app_context(), reading():
        found = db.session.execute(sa.text("SELECT action, actor_name, before, after FROM audit_log")).all()
        db.session.rollback()
    assert [row.action for row in found] == ["instance.set_up"]
    assert token not in repr(found) and NEW not in repr(found)


def test_every_changing_verb_is_covered_here():
    covered = (
        {r.action.name for r in CHANGING}
        | {f"fastpix.{name}" for name in PUBLIC_VERBS}
        | {"fastpix.accounts.setup.set_up"}
    )
    assert {name for name, action in ACTIONS.items() if action.changes} - covered == set()


# What rows say.


def test_before_and_after_are_told(world, ada, cast):
    ada.api.patch(
        f"iam/members/{cast.acme.members['mel']}", {"role": "admin", "workspaces": [str(cast.acme.workspace)]}
    )
    row = next(
        r for r in rows(world, "audit_log", action="members.edit") if r["after"].get("workspaces") == ["production"]
    )
    assert (row["before"]["role"], row["after"]["role"]) == ("member", "admin")
    assert row["target_name"] == "Mel Member" and row["actor_kind"] == "token"


def test_a_verb_inside_a_verb_writes_its_own_row_once(world, ada):
    """A refused half leaves no row of the other half."""
    before = ids(world)
    assert ada.api.post("iam/leave", {}).status_code == 409
    assert new_rows(world, before) == []


def test_a_verb_that_does_not_say_what_it_did_is_refused(world, acting, cast, monkeypatch):
    monkeypatch.setattr(workspaces, "describe", lambda *a, **k: None)
    before = world.digest()
    with pytest.raises(RuntimeError, match="without saying what"), acting("ada"):
        workspaces.create("Silent")
    assert world.digest() == before


def test_without_a_recorder_nothing_changes(world, acting, monkeypatch):
    from fastpix.access import action

    monkeypatch.setattr(action, "_recorders", [])
    before = world.digest()
    with pytest.raises(RuntimeError, match="no audit recorder"), acting("ada"):
        workspaces.create("Unseen")
    assert world.digest() == before


def test_rows_outlive_what_they_tell_of(world, ada, cast):
    ada.api.delete(f"iam/members/{cast.acme.members['mel']}")
    ada.page.post("/o/acme/settings/delete", {"name": "Acme"})
    told = {(row["action"], row["target_name"]) for row in rows(world, "audit_log")}
    assert {("members.remove", "Mel Member"), ("organizations.delete", "Acme")} <= told


def test_a_verb_called_without_the_permission_leaves_no_row(world, acting, cast):
    from fastpix.access.principal import Denied

    before = ids(world)
    with pytest.raises(Denied), acting("mel"):
        members.edit(cast.acme.members["mel"], role="admin")
    assert new_rows(world, before) == []
