"""Joining by an invite: as a new person, as oneself, or with a new password where an account was never proved."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastpix import limits
from fastpix.access.action import describe, personal
from fastpix.accounts import domain, recovery, second_factor, sessions
from fastpix.accounts.domain import Browser
from fastpix.errors import Invalid, Refused
from fastpix.mail import outbox
from fastpix.resources.members import acceptance
from fastpix.resources.members.acceptance import Invite
from fastpix.resources.people import domain as people
from fastpix.settings import Settings

Case = Literal["new", "prove", "sign_in", "accept", "other"]


def case(invite: Invite, signed_in_as: str | None) -> Case:
    """Which page an invited visitor sees.

    new: no account yet. sign_in: there is one, nobody is signed in. accept: signed in as the invited one. other: signed
    in as somebody else. prove: the account was never proved and the link was mailed, so whoever opened the mail sets
    a new password, and an account somebody made on a foreign address is worth nothing (security.md, class 2).
    """
    if signed_in_as is not None and signed_in_as != invite.email_canonical:
        return "other"
    person = people.find(invite.email)
    if person is None:
        return "new"
    if invite.is_mailed and person.email_verified_at is None:
        return "prove"
    return "accept" if signed_in_as else "sign_in"


@personal("invitations.accept")
def accept(secret: str, person_id: UUID) -> Invite:
    """Join as the person who is signed in. Raises `Gone`, `WrongAccount`, `Refused`."""
    person = people.get(person_id)
    if case(acceptance.find(secret), person.email_canonical) == "prove":
        raise Refused("This account was never proved to be yours. Set a new password to accept the invite.")
    return acceptance.admit(secret, person)


@personal("invitations.accept")
def join_as_new(settings: Settings, secret: str, name: str, password: str, browser: Browser) -> tuple[str, Invite]:
    """Make the account of the invited address (never of a typed one), join, sign in: (session secret, invite)."""
    invite = acceptance.find(secret)
    person = people.add(invite.email, name, password, is_verified=invite.is_mailed)
    session = domain.begin(settings, person, is_remembered=False, browser=browser)
    invite = acceptance.admit(secret, person)
    return session, invite


@personal("invitations.accept")
def join_with_new_password(settings: Settings, secret: str, password: str, browser: Browser) -> tuple[str, Invite]:
    """Take over the never-proved account of the invited address by the mailed link: its sessions and password end."""
    invite = acceptance.find(secret)
    person = people.find(invite.email)
    if person is None or not invite.is_mailed or person.email_verified_at is not None:
        raise Refused("Sign in to accept this invite.")
    people.set_password(person, password)
    sessions.end_all(person.id)
    second_factor.remove(person.id)  # set up by whoever made the account, who never proved to have the address
    recovery.end_links(person.id)  # else an address change asked for before would take the account back
    session = domain.begin(settings, person, is_remembered=False, browser=browser)
    invite = acceptance.admit(secret, person)
    return session, invite


@personal("invitations.accept")
def ask_other_address(secret: str, wanted: str) -> bool:
    """Ask the admins for an invite to the address one is signed in with; whether a mail could be sent."""
    invite = acceptance.find(secret)
    if wanted == invite.email_canonical:
        raise Invalid("email", "The invite is for this address already.")
    limits.count("asks about", str(invite.id), 3, 60)
    describe("invitation", invite.id, invite.email, after={"asked_for": wanted}, organization_id=invite.organization_id)
    return acceptance.ask_for(invite, wanted) if outbox.is_configured() else False
