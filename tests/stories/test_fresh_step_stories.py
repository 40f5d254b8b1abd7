"""Stories of the fresh step, and of organizations that require a second factor."""
# ruff: noqa: F811  # fixtures are imported by name, and named again by the tests that ask for them

from __future__ import annotations

from datetime import timedelta

import pytest

from fastpix.access import principal
from fastpix.accounts import cookies, second_factor, sessions
from fastpix.accounts.sessions import SignedIn
from fastpix.crypto import tokens
from fastpix.db import now
from fastpix.resources.members import domain as members
from fastpix.resources.people import domain as people
from tests.access.test_fresh_steps import go_on, grow_stale, is_asked
from tests.accounts.codes import enrol, sign_in
from tests.cast import cookie_name
from tests.doors import PageDoor
from tests.stories.tables import change, rows
from tests.stories.test_invite_stories import NEW, invite_vic, open_invite, squatter  # noqa: F401  # a fixture
from tests.stories.test_second_factor_stories import CODE, app_of, half, is_in, still  # noqa: F401  # fixtures too

pytestmark = pytest.mark.usefixtures("still")


def edit_mel(ada, cast, answer=None):
    path = f"/o/acme/members/{cast.acme.members['mel']}/edit"
    body = {"role": "admin", "access": "all"}
    return ada.page.post(path, body) if answer is None else go_on(ada.page, path, answer)


def test_a_cookie_copied_before_the_fresh_step_is_worth_nothing_after_it(world, ada, cast):
    grow_stale(world)
    copied = ada.page.client.get_cookie(cookie_name(world.app)).value
    answer = edit_mel(ada, cast, edit_mel(ada, cast))
    assert answer.status_code == 303
    assert ada.page.client.get_cookie(cookie_name(world.app)).value != copied
    assert ada.page.get("/account").status_code == 200
    assert PageDoor(world.app, copied).get("/account").status_code == 302
    assert rows(world, "sessions", token_hash=tokens.digest(copied)) == []


def test_without_a_new_cookie_the_copy_would_be_fresh_too(world, ada, cast, monkeypatch):
    """Breaks the guard on purpose."""

    def same(session_id):
        from fastpix.accounts.models import BrowserSession
        from fastpix.db import db

        db.session.get(BrowserSession, session_id).proved_at = now()
        return ada.session

    monkeypatch.setattr(sessions, "renew", same)
    grow_stale(world)
    assert edit_mel(ada, cast, edit_mel(ada, cast)).status_code == 303
    assert PageDoor(world.app, ada.session).get("/account").status_code == 200


def test_a_fresh_step_lasts_minutes_and_is_bound_to_its_session(world, ada, cast):
    other = PageDoor(world.app)
    assert sign_in(other, ada).status_code == 303
    grow_stale(world)
    assert edit_mel(ada, cast, edit_mel(ada, cast)).status_code == 303
    assert not is_asked(ada.page.post("/o/acme/signing-keys/new", {"workspace": str(cast.acme.workspace)}))
    assert is_asked(other.post("/o/acme/signing-keys/new", {"workspace": str(cast.acme.workspace)}))
    grow_stale(world)
    assert is_asked(ada.page.post("/o/acme/signing-keys/new", {"workspace": str(cast.acme.workspace)}))


def test_a_fresh_step_does_not_survive_a_change_of_role(world, mel, acting, cast):
    """Mel proved who they are as a member; made an admin, an open session of theirs must prove it again."""
    change(world, "sessions", {"person_id": mel.id}, proved_at=now())
    change(world, "people", {"id": mel.id}, rights_changed_at=None)
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="admin")
    path, body = "/o/acme/signing-keys/new", {"workspace": str(cast.acme.workspace)}
    answer = mel.page.post(path, body)
    assert is_asked(answer)
    assert go_on(mel.page, path, answer).status_code == 200


def test_without_the_note_of_the_change_it_would_survive(world, mel, acting, cast, monkeypatch):
    """Breaks the guard on purpose."""
    change(world, "sessions", {"person_id": mel.id}, proved_at=now())
    change(world, "people", {"id": mel.id}, rights_changed_at=None)
    monkeypatch.setattr(people, "rights_changed", lambda person_id: None)
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="admin")
    body = {"workspace": str(cast.acme.workspace)}
    assert mel.page.post("/o/acme/signing-keys/new", body).status_code == 200


def test_without_the_demand_an_old_session_would_make_an_admin(world, ada, cast, monkeypatch):
    """Breaks the guard on purpose."""
    grow_stale(world)
    monkeypatch.setattr(principal, "demand_fresh", lambda: None)
    assert edit_mel(ada, cast).status_code == 303


def test_a_code_is_a_fresh_step_and_is_used_up_by_it(world, ada, cast, app_of):
    app = app_of("ada")
    grow_stale(world)
    path = f"/o/acme/members/{cast.acme.members['mel']}/edit"
    asked = edit_mel(ada, cast)
    assert go_on(ada.page, path, asked, password="", fresh_code=app.code()).status_code == 303
    grow_stale(world)
    path, body = "/o/acme/signing-keys/new", {"workspace": str(cast.acme.workspace)}
    asked = ada.page.post(path, body)
    assert go_on(ada.page, path, asked, password="", fresh_code=app.code()).status_code == 422


def test_somebody_elses_password_is_no_fresh_step(world, ada, cast, mel):
    change(world, "people", {"id": mel.id}, password_hash=rows(world, "people", id=ada.id)[0]["password_hash"])
    change(world, "people", {"id": ada.id}, password_hash="")
    grow_stale(world)
    answer = edit_mel(ada, cast, edit_mel(ada, cast))
    assert answer.status_code == 422 and rows(world, "members", id=cast.acme.members["mel"])[0]["role"] == "member"


def test_passwords_cannot_be_tried_at_the_fresh_step(world, ada, cast, monkeypatch):
    from dataclasses import replace

    monkeypatch.setitem(world.app.config, "FASTPIX", replace(world.app.config["FASTPIX"], sign_in_attempts=2))
    grow_stale(world)
    path = f"/o/acme/members/{cast.acme.members['mel']}/edit"
    asked = edit_mel(ada, cast)
    statuses = [go_on(ada.page, path, asked, password="wrong wrong wrong").status_code for _ in range(3)]
    assert statuses == [422, 422, 429]
    assert go_on(ada.page, path, asked).status_code == 429


def test_a_session_that_ended_meanwhile_is_not_renewed(world, ada, cast, monkeypatch):
    """Class 16: between the load of the session and the proof, it was ended elsewhere."""
    grow_stale(world)
    asked = edit_mel(ada, cast)
    renew = sessions.renew

    def ended_meanwhile(session_id):
        sessions.end_one(session_id)
        return renew(session_id)

    monkeypatch.setattr(sessions, "renew", ended_meanwhile)
    assert edit_mel(ada, cast, asked).location.startswith("/sign-in")


def test_freshness_is_computed_from_both_times():
    from uuid import uuid4

    def person(proved, changed):
        return SignedIn(
            uuid4(), "", "", "", True, "", uuid4(), now(), now(), False, now() - proved, changed and now() - changed
        )

    minutes = lambda n: timedelta(minutes=n)  # noqa: E731
    assert person(minutes(9), None).is_fresh and person(minutes(5), minutes(6)).is_fresh
    assert not person(minutes(10.1), None).is_fresh and not person(minutes(5), minutes(4)).is_fresh


EDIT = {"name": "Acme", "slug": "acme", "members_edit_workspaces": "y", "require_second_factor": "y"}


def require(ada):
    return ada.page.post("/o/acme/settings/edit", EDIT)


def test_who_has_no_second_factor_cannot_require_one(world, ada):
    before = world.digest()
    answer = require(ada)
    assert answer.status_code == 422 and "Set up your own second factor first" in answer.text
    assert world.digest() == before


def test_the_form_says_whom_it_would_stop_before_it_is_saved(ada, app_of):
    app_of("ada")
    text = ada.page.get("/o/acme/settings/edit").text
    assert "2 people have no second factor now: Dana Demoted, Mel Member." in text


def test_who_has_none_is_sent_to_set_one_up_and_nobody_is_removed(world, ada, mel, app_of):
    app_of("ada")
    members_before = rows(world, "members")
    assert require(ada).status_code == 303
    assert ada.page.get("/o/acme/").status_code == 200
    before = world.digest()
    for path in ("/o/acme/", "/o/acme/members/", "/o/acme/settings"):
        assert mel.page.get(path).location == "/account/second-factor"
    assert mel.page.post("/o/acme/members/leave").location == "/account/second-factor"
    assert world.digest() == before
    assert "Acme requires a second factor" in mel.page.get("/account/second-factor").text
    app_of("mel")
    assert mel.page.get("/o/acme/").status_code == 200
    assert len(rows(world, "members")) == len(members_before)


def test_the_tokens_of_who_has_none_wait_and_say_why(world, ada, mel, rex, app_of):
    app_of("ada")
    assert require(ada).status_code == 303
    answer = mel.api.get("iam/members")
    assert answer.status_code == 403 and "Mel Member, who owns this token, has none" in answer.json["error"]["message"]
    assert ada.api.get("iam/members").status_code == 200 and rex.api.get("iam/members").status_code == 200
    app_of("mel")
    assert mel.api.get("iam/members").status_code == 200


def test_turning_it_on_and_off_asks_for_a_fresh_step(world, ada, app_of):
    app_of("ada")
    grow_stale(world)
    assert is_asked(require(ada))
    change(world, "organizations", {"slug": "acme"}, require_second_factor=True)
    assert is_asked(ada.page.post("/o/acme/settings/edit", EDIT | {"require_second_factor": ""}))


def test_admins_see_who_has_a_second_factor_and_members_do_not(ada, mel, app_of):
    app_of("ada")
    text = ada.page.get("/o/acme/members/").text
    assert (
        text.count('<td data-label="Second factor">Yes') == 1 and text.count('<td data-label="Second factor">No') == 2
    )
    listed = mel.page.get("/o/acme/members/").text.partition("<main")[2]
    assert "Dana" in listed and "Second factor" not in listed, "the menu's one is her own"


def test_turning_on_and_off_and_a_used_recovery_code_are_mailed(office):
    mel = office.doors("mel")
    app = enrol(mel.page)
    page = PageDoor(office.app)
    sign_in(page, mel)
    assert page.post(CODE, {"code": app.recovery[3]}).status_code == 303
    assert page.post("/account/second-factor/off").status_code == 303
    said = [letter.text for letter in office.letters("mel@mel.example", "second_factor")]
    assert ["turned on" in said[0], "9 are left" in said[1], "turned off" in said[2]] == [True] * 3 and len(said) == 3
    assert not any(code in text for text in said for code in app.recovery)


def test_the_mailed_invite_takes_over_a_never_proved_account_with_its_second_factor(office, request):
    """Class 2: whoever made an account on a foreign address must not lock its owner out."""
    enrol(request.getfixturevalue("squatter"))
    _, mailed = invite_vic(office)
    vic = PageDoor(office.app)
    open_invite(vic, mailed)
    assert vic.post("/invite/prove", {"password": NEW}).status_code == 303
    again = PageDoor(office.app)
    answer = again.post("/sign-in", {"email": "vic@vic.example", "password": NEW})
    assert answer.location == "/sign-in/done" and again.get("/o/acme/").status_code == 200


def test_a_mailed_password_reset_is_no_way_around_the_code(office):
    """Whoever reads the mail of the person still lacks their phone."""
    mel = office.doors("mel")
    enrol(mel.page)
    page = PageDoor(office.app)
    page.post("/forgot", {"email": "mel@mel.example"})
    page.get(office.path("mel@mel.example", "password_reset"))
    assert page.post("/reset", {"password": NEW}).status_code == 303
    assert page.post("/sign-in", {"email": "mel@mel.example", "password": NEW}).location == CODE
    assert not is_in(page)


def test_without_counting_codes_could_be_tried_for_ever(world, mel, app_of, monkeypatch):
    from dataclasses import replace

    app_of("mel")
    monkeypatch.setitem(world.app.config, "FASTPIX", replace(world.app.config["FASTPIX"], sign_in_attempts=3))
    monkeypatch.setattr(second_factor, "count_try", lambda settings, person_id: None)
    assert [half(world, mel).post(CODE, {"code": f"00000{n}"}).status_code for n in range(6)] == [422] * 6


def test_without_using_it_up_a_half_session_would_serve_twice(world, mel, app_of, monkeypatch):
    app = app_of("mel")
    monkeypatch.setattr(sessions, "use_half", lambda secret: None)
    page = half(world, mel)
    secret = page.client.get_cookie(cookies.HALF_COOKIE, path=CODE).value
    assert page.post(CODE, {"code": app.code()}).status_code == 303
    again = PageDoor(world.app)
    again.client.set_cookie(cookies.HALF_COOKIE, secret, path=CODE)
    assert again.post(CODE, {"code": app.code(1)}).location == "/sign-in/done"


def test_without_the_check_of_the_organization_who_has_none_would_look_in(world, ada, mel, app_of, monkeypatch):
    from fastpix.resources.members import membership

    app_of("ada")
    assert require(ada).status_code == 303
    of_person = membership.of_person
    from dataclasses import replace

    monkeypatch.setattr(
        membership, "of_person", lambda person_id: [replace(s, lacks_second_factor=False) for s in of_person(person_id)]
    )
    assert mel.page.get("/o/acme/").status_code == 200
