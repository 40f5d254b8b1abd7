"""What the operator's commands do to people; each as a named system actor, each with its audit row."""

from __future__ import annotations

from fastpix.access import principal
from fastpix.access.action import describe, personal
from fastpix.accounts import recovery, second_factor, sessions
from fastpix.accounts.models import SetUp
from fastpix.db import db
from fastpix.errors import Misconfigured, Missing
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people


def require_current_schema(state: str) -> None:
    """Raise `Misconfigured` with the command to run unless the schema is this version's."""
    if state == "older":
        raise Misconfigured("The database is not at this version's schema. Run `fastpix upgrade` first.")
    if state == "newer":
        raise Misconfigured("The database was made by a newer fastpix. Install that version; nothing was changed.")
    if state == "unreleased":
        raise Misconfigured(
            "The database is from before the first release of fastpix; nothing was changed. "
            "Begin with an empty instance, or see docs/operating.md, “When it says …”."
        )


def create_admin(email: str, name: str, organization: str, password: str) -> str:
    """A person and their organization; returns its slug. Raises `Invalid`."""
    with principal.acting(principal.system("fastpix create-admin", None, "cli")):
        return _create_admin(email, name, organization, password)


def reset_password(email: str, password: str) -> None:
    """Set a password and end all sessions. Raises `Missing`, `Invalid`."""
    with principal.acting(principal.system("fastpix reset-password", None, "cli")):
        _reset_password(email, password)


def reset_second_factor(email: str) -> bool:
    """Take somebody's second factor away and end all their sessions; whether it was on. Raises `Missing`."""
    with principal.acting(principal.system("fastpix reset-second-factor", None, "cli")):
        return _reset_second_factor(email)


def set_operator(email: str, is_on: bool) -> None:
    """Let somebody look after the whole instance, or no longer. Raises `Missing`."""
    with principal.acting(principal.system("fastpix operator", None, "cli")):
        _set_operator(email, is_on)


@personal("instance.operate")
def _set_operator(email: str, is_on: bool) -> None:
    person = people.find(email)
    if person is None:
        raise Missing(f"There is no account with the address {email}.")
    before = person.is_operator
    people.set_operator(person, is_on)
    describe("person", person.id, person.name, before={"operator": before}, after={"operator": is_on})


@personal("instance.set_up")
def _create_admin(email: str, name: str, organization: str, password: str) -> str:
    person = people.add(email, name, password, is_verified=True)
    if db.session.get(SetUp, 1) is None:
        db.session.add(SetUp(id=1))  # the set-up page never opens again
    new = organizations.add(organization, person)
    describe("person", person.id, person.name, after={"organization": new.slug}, organization_id=new.id)
    return new.slug


@personal("account.second_factor")
def _reset_second_factor(email: str) -> bool:
    person = people.find(email)
    if person is None:
        raise Missing(f"There is no account with the address {email}.")
    sessions.end_all(person.id)
    was_on = second_factor.remove(person.id)
    second_factor.tell(person, "The operator took your second factor away. The password alone opens your account now.")
    describe("person", person.id, person.name, after={"second_factor": "off"})
    return was_on


@personal("account.reset")
def _reset_password(email: str, password: str) -> None:
    person = people.find(email)
    if person is None:
        raise Missing(f"There is no account with the address {email}.")
    sessions.end_all(person.id)
    people.set_password(person, password)
    recovery.end_links(person.id)
    describe("person", person.id, person.name, after={"password": "new"})
