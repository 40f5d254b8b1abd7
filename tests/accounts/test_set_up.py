"""The first person of an instance."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from fastpix.access import principal
from fastpix.accounts import setup
from fastpix.db import db, reading
from fastpix.resources.members import domain as members
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.workspaces import domain as workspaces
from tests.cast import cookie_name
from tests.doors import PageDoor

FORM = {"organization": "Acme Video", "name": "Ada", "email": "ada@ada.example", "password": "a long enough phrase"}


@pytest.fixture
def fresh(make_app):
    return make_app()


@pytest.fixture
def token(fresh):
    return setup.make_token(fresh.config["FASTPIX"]).read_text().strip()


def people_in(app):
    with app.app_context(), reading():
        found = list(db.session.execute(sa.text("SELECT email FROM people")).scalars())
        db.session.rollback()
    return found


def test_the_first_person_becomes_admin_of_the_first_organization(fresh, token):
    page = PageDoor(fresh)
    assert page.get("/").location == "/set-up"
    assert page.get("/set-up").status_code == 200
    done = page.post("/set-up", FORM | {"token": token})
    assert done.status_code == 303 and done.location == "/o/acme-video/"
    assert page.get("/o/acme-video/").status_code == 200, "and is signed in"
    assert page.client.get_cookie(cookie_name(fresh)) is not None
    with fresh.app_context(), reading():
        found = organizations.find("acme-video")
        with principal.acting(principal.system("a test", found)):
            assert {w["slug"] for w in workspaces.search()} == {"production", "development"}
            assert [(m["email"], m["role"]) for m in members.page().rows] == [("ada@ada.example", "admin")]
        db.session.rollback()


@pytest.mark.parametrize("given", ["", "wrong", " ", "None"])
def test_without_the_token_nobody_is_made(fresh, token, given):
    answer = PageDoor(fresh).post("/set-up", FORM | {"token": given})
    assert answer.status_code == 422 and people_in(fresh) == []
    text = answer.get_data(as_text=True)
    for typed in ("Acme Video", "ada@ada.example"):
        assert typed in text, "what was typed is kept"
    assert FORM["password"] not in text
    assert token not in text


def test_without_a_token_file_no_token_is_right(fresh):
    """An empty expected token must not match an empty given one."""
    for given in ("", "x"):
        assert PageDoor(fresh).post("/set-up", FORM | {"token": given}).status_code == 422
    assert people_in(fresh) == []


def test_the_set_up_happens_once(fresh, token):
    assert PageDoor(fresh).post("/set-up", FORM | {"token": token}).status_code == 303
    second = PageDoor(fresh)
    assert second.get("/set-up").location == "/sign-in"
    again = second.post("/set-up", FORM | {"token": token, "email": "eve@eve.example"})
    assert again.status_code == 303 and again.location == "/sign-in"
    assert people_in(fresh) == ["ada@ada.example"]
    assert not setup.token_path(fresh.config["FASTPIX"]).exists(), "its token is gone"


def test_the_set_up_never_opens_again_even_without_people(fresh, token):
    """Wizards that came back were take-overs (jellyfin#9435)."""
    assert PageDoor(fresh).post("/set-up", FORM | {"token": token}).status_code == 303
    with fresh.app_context():
        for table in ("sessions", "members", "people"):
            db.session.execute(sa.text(f"DELETE FROM {table}"))
        db.session.commit()
    assert people_in(fresh) == []
    setup.token_path(fresh.config["FASTPIX"]).write_text(token)
    answer = PageDoor(fresh).post("/set-up", FORM | {"token": token})
    assert answer.location == "/sign-in" and people_in(fresh) == []


def test_two_at_once_make_one_admin(fresh, token):
    pages = [PageDoor(fresh) for _ in range(2)]
    start = Barrier(2)
    for page in pages:
        page.get("/set-up")
        page.csrf_token()

    def send(number):
        start.wait(10)
        form = FORM | {"token": token, "email": f"racer{number}@race.example", "organization": f"Racer {number}"}
        answer = pages[number].post("/set-up", form)
        return answer.status_code, "/o/" in (answer.location or "")

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(send, range(2)))
    assert sorted(won for _, won in results) == [False, True]
    assert all(status in (303, 409, 422) for status, _ in results)
    assert len(people_in(fresh)) == 1


@pytest.mark.full("an application for each field")
@pytest.mark.parametrize(("field", "value"), [
    ("email", "no address"), ("email", ""), ("password", "short"), ("password", "ada@ada.example"), ("password", "aaaaaaaaaaaa"),
    ("name", ""), ("organization", ""), ("organization", "x" * 81),
])  # fmt: skip
def test_bad_input_leaves_the_set_up_open(fresh, token, field, value):
    page = PageDoor(fresh)
    assert page.post("/set-up", FORM | {"token": token, field: value}).status_code == 422
    assert people_in(fresh) == []
    assert page.post("/set-up", FORM | {"token": token}).status_code == 303


def test_the_tokens_file_is_its_owners_alone(fresh, token):
    path = setup.token_path(fresh.config["FASTPIX"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert setup.make_token(fresh.config["FASTPIX"]).read_text().strip() == token, "made once"
    assert len(token) >= 24


def test_the_page_says_where_the_token_lies_and_not_what_it_is(fresh, token):
    text = PageDoor(fresh).get("/set-up").get_data(as_text=True)
    assert str(setup.token_path(fresh.config["FASTPIX"])) in text and token not in text
