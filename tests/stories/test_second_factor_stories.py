"""Stolen passwords, replayed codes, half sessions, brute force, old cookies: what a second factor and a fresh step stop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fastpix import tokens
from fastpix.access import principal
from fastpix.accounts import door, second_factor, sessions
from fastpix.accounts.sessions import SignedIn
from fastpix.db import now
from fastpix.resources.members import domain as members
from fastpix.resources.people import domain as people
from tests.access.test_fresh_steps import go_on, grow_stale, is_asked
from tests.accounts.codes import enrol, sign_in
from tests.cast import PASSWORD, cookie_name
from tests.doors import PageDoor
from tests.stories.tables import change, everything, rows
from tests.stories.test_invite_stories import NEW, invite_vic, open_invite, squatter  # noqa: F401  # a fixture

CODE = "/sign-in/code"


@pytest.fixture
def app_of(doors):
    """`app_of("mel")`: the authenticator app of a person who has just set up a second factor."""
    return lambda key: enrol(doors(key).page)


@pytest.fixture
def still(monkeypatch):
    """Time stands still for codes, so that no test meets the end of a time step."""
    present = second_factor._step()
    monkeypatch.setattr(second_factor, "_step", lambda: present)


pytestmark = pytest.mark.usefixtures("still")


def half(world, person):
    """A browser that gave the right password."""
    page = PageDoor(world.app)
    assert sign_in(page, person).location == CODE
    return page


def is_in(page):
    return page.get("/account").status_code == 200


def test_a_stolen_password_alone_opens_nothing(world, mel, app_of):
    app_of("mel")
    page = half(world, mel)
    assert page.client.get_cookie(cookie_name(world.app)) is None
    assert not is_in(page) and page.get("/o/acme/").status_code == 302
    assert not any(row["user_agent"] != "a test" for row in rows(world, "sessions", person_id=mel.id))


def test_without_the_question_the_password_alone_would_be_enough(world, mel, app_of, monkeypatch):
    """Breaks the guard on purpose."""
    app_of("mel")
    monkeypatch.setattr(second_factor, "is_on", lambda person_id: False)
    page = PageDoor(world.app)
    assert sign_in(page, mel).status_code == 303 and is_in(page)


def test_password_and_code_open_the_account_and_keep_the_target(world, mel, app_of):
    app, page = app_of("mel"), PageDoor(world.app)
    first = sign_in(page, mel, next="/account/sessions", remember="y")
    assert first.location == f"{CODE}?next=/account/sessions"
    answer = page.post(first.location, {"code": app.code()})
    assert answer.status_code == 303 and answer.location == "/sign-in/done?next=/account/sessions"
    assert "Max-Age" in next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("fastpix_session="))
    assert is_in(page)


def test_a_half_session_is_not_a_session(world, mel, app_of):
    """Its secret in the session's cookie opens nothing, and it dies with its use."""
    app = app_of("mel")
    page = half(world, mel)
    secret = page.client.get_cookie(door.HALF_COOKIE, path=CODE).value
    assert PageDoor(world.app, secret).get("/account").status_code == 302
    assert page.post(CODE, {"code": app.code()}).status_code == 303
    again = PageDoor(world.app)
    again.client.set_cookie(door.HALF_COOKIE, secret, path=CODE)
    assert again.post(CODE, {"code": app.code(1)}).location == "/sign-in" and not is_in(again)


def test_a_session_is_not_a_half_session(world, mel):
    page = PageDoor(world.app)
    page.client.set_cookie(door.HALF_COOKIE, mel.session, path=CODE)
    assert page.post(CODE, {"code": "123456"}).location == "/sign-in"


def test_a_half_session_is_over_after_minutes_and_with_the_password(world, mel, app_of):
    app = app_of("mel")
    late, other = half(world, mel), half(world, mel)
    change(world, "half_sessions", {"person_id": mel.id}, expires_at=now() - timedelta(seconds=1))
    assert late.post(CODE, {"code": app.code()}).location == "/sign-in"
    other = half(world, mel)
    assert mel.page.post("/account/password", {"current": PASSWORD, "new": "a quite new phrase"}).status_code == 303
    assert other.post(CODE, {"code": app.code()}).location == "/sign-in" and not is_in(other)


def test_a_code_works_once(world, mel, app_of):
    """Read over a shoulder and typed again within its half minute."""
    app = app_of("mel")
    code = app.code()
    assert half(world, mel).post(CODE, {"code": code}).status_code == 303
    page = half(world, mel)
    answer = page.post(CODE, {"code": code})
    assert answer.status_code == 422 and "used already" in answer.text and not is_in(page)
    assert page.post(CODE, {"code": app.code(-1)}).status_code == 422, "nor one from before it"
    assert page.post(CODE, {"code": app.code(1)}).status_code == 303


def test_without_the_kept_step_the_replay_would_succeed(world, mel, app_of, monkeypatch):
    """Breaks the guard on purpose: pyotp itself remembers nothing."""
    app = app_of("mel")
    monkeypatch.setattr(second_factor, "_use_up", lambda person_id, step: True)
    code = app.code()
    assert [half(world, mel).post(CODE, {"code": code}).status_code for _ in range(2)] == [303, 303]


@pytest.mark.parametrize("ahead", [-2, 2])
def test_a_code_from_two_steps_away_is_wrong(world, mel, app_of, ahead):
    app = app_of("mel")
    change(world, "second_factors", {"person_id": mel.id}, last_step=0)
    assert half(world, mel).post(CODE, {"code": app.code(ahead)}).status_code == 422


def test_the_code_of_another_person_is_wrong(world, mel, app_of):
    app_of("mel")
    adas = app_of("ada")
    assert half(world, mel).post(CODE, {"code": adas.code()}).status_code == 422
    assert half(world, mel).post(CODE, {"code": adas.recovery[0]}).status_code == 422


def test_codes_cannot_be_tried_one_after_the_other(world, mel, app_of, monkeypatch):
    """From new half sessions and new addresses too; and the right code is refused meanwhile."""
    from dataclasses import replace

    app = app_of("mel")
    strict = replace(world.app.config["FASTPIX"], sign_in_attempts=3)
    monkeypatch.setitem(world.app.config, "FASTPIX", strict)
    statuses = [half(world, mel).post(CODE, {"code": f"00000{n}"}).status_code for n in range(3)]
    page = half(world, mel)
    answer = page.post(CODE, {"code": app.code()}, environ_overrides={"REMOTE_ADDR": "127.0.0.9"})
    assert statuses == [422] * 3 and answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0 and not is_in(page)
    answer = mel.page.post("/account/second-factor/off", {"fresh_step": "1", "fresh_code": "000000"})
    assert answer.status_code == 429, "the fresh step is no second way to try"


def test_a_recovery_code_works_once_and_is_told(world, mel, app_of):
    app = app_of("mel")
    page = half(world, mel)
    assert page.post(CODE, {"code": app.recovery[0].upper()}).status_code == 303 and is_in(page)
    assert half(world, mel).post(CODE, {"code": app.recovery[0]}).status_code == 422
    assert len([row for row in rows(world, "recovery_codes", person_id=mel.id) if row["used_at"]]) == 1
    assert "9 recovery codes left" in page.get("/account/second-factor").text


def test_new_recovery_codes_end_the_old_ones(world, mel, app_of):
    app = app_of("mel")
    assert mel.page.post("/account/second-factor/codes").status_code == 200
    assert half(world, mel).post(CODE, {"code": app.recovery[0]}).status_code == 422
    assert len(rows(world, "recovery_codes", person_id=mel.id)) == 10


def test_neither_secret_nor_recovery_codes_are_stored_in_the_open(world, mel, app_of):
    app = app_of("mel")
    stored = repr(everything(world))
    for secret in (app.totp.secret, *app.recovery, *(code.replace("-", "") for code in app.recovery)):
        assert secret not in stored


def test_nothing_counts_before_one_right_code(world, mel):
    assert mel.page.post("/account/second-factor/start").status_code == 303
    assert mel.page.post("/account/second-factor/confirm", {"code": "000000"}).status_code == 422
    page = PageDoor(world.app)
    assert sign_in(page, mel).location == "/sign-in/done" and is_in(page)


@pytest.mark.parametrize("path", ["start", "confirm", "off", "codes"])
def test_a_foreign_page_cannot_set_up_or_turn_off_a_second_factor(world, mel, app_of, path):
    app_of("mel")
    before = world.digest()
    assert mel.page.post(f"/account/second-factor/{path}", {"code": "1"}, csrf=False).status_code == 400
    assert world.digest() == before


def test_a_session_left_open_neither_sees_a_waiting_secret_nor_turns_a_factor_off(world, mel):
    mel.page.post("/account/second-factor/start")
    assert "totp-secret" in mel.page.get("/account/second-factor").text
    grow_stale(world, "mel")
    assert "totp-secret" not in mel.page.get("/account/second-factor").text
    assert is_asked(mel.page.post("/account/second-factor/off"))


def test_a_second_factor_that_is_taken_away_leaves_no_recovery_codes(world, app_of, mel):
    app_of("mel")
    with world.session():
        assert second_factor.remove(mel.id)
    assert rows(world, "second_factors", person_id=mel.id) == rows(world, "recovery_codes", person_id=mel.id) == []


# The fresh step.


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


# An organization that requires one.

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
    assert "Without a second factor are now 2: Dana Demoted, Mel Member." in text


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
    assert "Second factor" not in mel.page.get("/o/acme/members/").text


# Mails, and accounts on foreign addresses.


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


# Guards broken on purpose: each of these attacks succeeds without its guard, so the stories above look at the right thing.


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
    secret = page.client.get_cookie(door.HALF_COOKIE, path=CODE).value
    assert page.post(CODE, {"code": app.code()}).status_code == 303
    again = PageDoor(world.app)
    again.client.set_cookie(door.HALF_COOKIE, secret, path=CODE)
    assert again.post(CODE, {"code": app.code(1)}).location == "/sign-in/done"


def test_without_the_check_of_the_organization_who_has_none_would_look_in(world, ada, mel, app_of, monkeypatch):
    from fastpix.resources.members import standing

    app_of("ada")
    assert require(ada).status_code == 303
    of_person = standing.of_person
    from dataclasses import replace

    monkeypatch.setattr(
        standing, "of_person", lambda person_id: [replace(s, lacks_second_factor=False) for s in of_person(person_id)]
    )
    assert mel.page.get("/o/acme/").status_code == 200
