"""Joining by an invite: as a new person, as oneself, or with a new password where an account was never proved."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastpix.access import principal
from fastpix.access.action import describe, personal
from fastpix.accounts import domain, recovery, second_factor, sessions
from fastpix.accounts.domain import Browser
from fastpix.config.settings import Settings
from fastpix.errors import Invalid, Refused
from fastpix.mail import outbox
from fastpix.ratelimit import attempts
from fastpix.resources.members.invitations import acceptance
from fastpix.resources.members.invitations.acceptance import Invite, WrongAccount
from fastpix.resources.people import domain as people

Case = Literal["new", "prove", "sign_in", "accept", "other"]


def case(invite: Invite, signed_in_as: str | None) -> Case:
    """Which page an invited visitor sees.

    new: no account yet. sign_in: there is one, nobody is signed in. accept: signed in as the invited one. other: signed
    in as somebody else. prove: the account was never proved and the link was mailed, so whoever opened the mail sets
    a new password, and an account somebody made on a foreign address is worth nothing (docs/threat-model.md, class 2).
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
    _check_nobody_is_signed_in(invite)
    person = people.add(invite.email, name, password, is_verified=invite.is_mailed)
    session = domain.begin(settings, person, is_remembered=False, browser=browser)
    invite = acceptance.admit(secret, person)
    return session, invite


@personal("invitations.accept")
def join_with_new_password(settings: Settings, secret: str, password: str, browser: Browser) -> tuple[str, Invite]:
    """Take over the never-proved account of the invited address by the mailed link: its sessions and password end."""
    invite = acceptance.find(secret)
    _check_nobody_is_signed_in(invite)
    person = people.find(invite.email)
    if person is None or not invite.is_mailed or person.email_verified_at is not None:
        raise Refused("Sign in to accept this invite.")
    sessions.end_all(person.id)
    people.set_password(person, password)
    second_factor.remove(person.id)  # set up by whoever made the account, who never proved to have the address
    recovery.end_links(person.id)  # else an address change asked for before would take the account back
    session = domain.begin(settings, person, is_remembered=False, browser=browser)
    invite = acceptance.admit(secret, person)
    return session, invite


def _check_nobody_is_signed_in(invite: Invite) -> None:
    """Whoever is signed in joins as themselves, or signs out first: nothing is made or used up beside them."""
    actor = principal.current()
    if actor.kind == "person":
        raise WrongAccount(
            f"This invite is for {invite.email}, and you are signed in as {actor.name}. Sign out to go on as somebody new."
        )


@personal("invitations.accept")
def ask_other_address(secret: str, email: str) -> bool:
    """Ask the admins for an invite to the address one is signed in with; whether a mail could be sent."""
    invite = acceptance.find(secret)
    if email == invite.email_canonical:
        raise Invalid("email", "The invite is for this address already.")
    attempts.count("asks about", str(invite.id), 3, 60)
    describe("invitation", invite.id, invite.email, after={"asked_for": email}, organization_id=invite.organization_id)
    return acceptance.ask_for(invite, email) if outbox.is_configured() else False
