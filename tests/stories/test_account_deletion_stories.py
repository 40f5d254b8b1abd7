"""Deleting one's account while one founds or joins an organization: an organization always has an admin, after every path."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fastpix.accounts import domain
from fastpix.db import db
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people.models import Person
from tests.access.test_races import together
from tests.cast import PASSWORD, acting_as
from tests.doors import PageDoor
from tests.stories.tables import rows
from tests.stories.test_lost_right_stories import after_a_while

pytestmark = pytest.mark.sql("locks and foreign keys decide who is first")

# By hand it was 200.
ROUNDS = 3
TOUCHED = {
    "organizations", "workspaces", "members", "member_workspaces", "invitations", "people", "sessions", "access_tokens",
}  # fmt: skip


def door_of(world, key):
    return PageDoor(world.app, world.cast.people[key].session)


def found(world):
    return door_of(world, "sam").post("/organizations/new", {"name": "Sam's own"})


def join(world):
    door = door_of(world, "sam")
    door.client.set_cookie("fastpix_invite", world.invited, path="/invite")
    return door.post("/invite/accept")


def delete(world):
    return door_of(world, "sam").post("/account/delete", {"password": PASSWORD})


@pytest.fixture
def sam_is_invited(world):
    """As an admin. Each round begins so."""
    with world.session(), acting_as(world.cast, "ada"):
        link = invitations.invite([world.cast.people["sam"].email], "admin")[0]["link"]
    world.invited = link.rpartition("/")[2]
    with world.rounds_begin_here():
        yield world


def without_admin(world):
    with world.session():
        return organizations.without_admin()


@pytest.mark.full("threads, in many rounds")
@pytest.mark.parametrize("meanwhile", [found, join])
def test_no_organization_is_left_without_an_admin(sam_is_invited, meanwhile):
    world, seen = sam_is_invited, set()
    for _ in range(ROUNDS):
        world.put_back(TOUCHED)
        answers = together(
            lambda: after_a_while(lambda: delete(world)), lambda: after_a_while(lambda: meanwhile(world))
        )
        seen.add(tuple(answer.status_code for answer in answers))
        assert without_admin(world) == {}
        is_there = bool(rows(world, "people", id=world.cast.people["sam"].id))
        is_member = bool(rows(world, "members", person_id=world.cast.people["sam"].id))
        assert is_there or not is_member
    # One is done, and the other is told that it cannot be any more, or has nobody to do it.
    assert seen <= {(303, 302), (409, 303), (302, 303), (303, 410), (303, 404)}, seen


@pytest.mark.parametrize("meanwhile", [found, join])
def test_whoever_joins_while_the_password_is_checked_stays(sam_is_invited, meanwhile, monkeypatch):
    world, check = sam_is_invited, domain.passwords.matches

    def slow(*given):
        monkeypatch.setattr(domain.passwords, "matches", check)
        assert together(lambda: meanwhile(world))[0].status_code == 303
        return check(*given)

    monkeypatch.setattr(domain.passwords, "matches", slow)
    answer = delete(world)
    assert answer.status_code == 409 and "You are still a member of" in answer.text
    assert rows(world, "people", id=world.cast.people["sam"].id) and without_admin(world) == {}


def test_the_database_itself_keeps_who_is_a_member(world, cast):
    """Whatever forgets the rule: no cascade goes round it."""
    with world.session(), pytest.raises(sa.exc.IntegrityError):
        try:
            db.session.execute(sa.delete(Person).where(Person.id == cast.people["ada"].id))
        finally:
            db.session.rollback()
