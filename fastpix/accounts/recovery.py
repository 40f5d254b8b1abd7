"""Mailed links: a forgotten password, a new address. A link serves one purpose, once, for a short time."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from fastpix import urls
from fastpix.access import principal
from fastpix.access.action import describe, personal
from fastpix.accounts import sessions
from fastpix.accounts.models import MailedLink
from fastpix.crypto import tokens
from fastpix.db import affected_rows, db, now
from fastpix.errors import Gone, Invalid
from fastpix.mail import outbox
from fastpix.ratelimit import attempts
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person

Purpose = Literal["reset", "email"]
LIFE_MINUTES = 60
DEAD = "This link was used already, is too old, or a newer one was mailed. Open the newest, or ask for another."


@personal("account.reset")
def ask_reset(email: str, address: str) -> None:
    """Mail a link to set a new password, if there is such an account. The caller answers the same in both cases.

    Raises `TooMany`, and `Invalid` for what is no mail address.
    """
    canonical = people.check_email(email)[1]
    attempts.count("reset of", canonical, 5, 60)
    attempts.count("reset from", attempts.network(address), 30, 60)
    person = people.find(canonical)
    describe("person", person.id if person else "", "password reset asked for")
    if person is not None:
        link = _new_link("reset", person)
        outbox.post("password_reset", person.email, {"name": person.name, "link": link, "minutes": LIFE_MINUTES})


@personal("account.reset")
def reset(secret: str, password: str) -> Person:
    """Set a new password through a mailed link; every session ends. Raises `Gone`, `Invalid`."""
    link = look_up("reset", secret)
    person = people.get(link.person_id)
    sessions.end_all(person.id)
    people.set_password(person, password)
    _consume(link)
    prove_address(person)
    end_links(person.id)
    outbox.post("password_changed", person.email, {"name": person.name})
    describe("person", person.id, person.name, after={"password": "new"})
    return person


@personal("account.email")
def ask_email(person_id: UUID, email: str) -> None:
    """Mail a link to the new address; the old one stays until it is opened. Raises `Invalid`, `TooMany`, `NotFresh`."""
    principal.demand_fresh()
    new_email, canonical = people.check_email(email)
    person = people.get(person_id)
    if canonical == person.email_canonical:
        raise Invalid("email", "This is your address already.")
    if not outbox.is_configured():
        raise Invalid("email", "Mail is not set up here, so a new address cannot be proved. Ask the operator.")
    attempts.count("new address of", str(person_id), 5, 60)
    describe("person", person.id, person.name, before={"email": person.email}, after={"asked_for": new_email})
    if people.find(canonical) is not None:
        return  # the same answer as for a free address: nobody learns who has an account
    link = _new_link("email", person, new_email)
    context = {"name": person.name, "link": link, "new_email": new_email, "minutes": LIFE_MINUTES}
    outbox.post("email_change", new_email, context)


@personal("account.email")
def change_email(secret: str) -> Person:
    """Put a proved address in force; the old one is told. Raises `Gone`, `Invalid` when it was taken meanwhile."""
    link = look_up("email", secret)
    person = people.get(link.person_id)
    old = person.email
    people.set_email(person, link.new_email)
    _consume(link)
    end_links(person.id)
    outbox.post("email_changed", old, {"name": person.name, "new_email": person.email})
    describe("person", person.id, person.name, before={"email": old}, after={"email": person.email})
    return person


def look_up(purpose: Purpose, secret: str) -> MailedLink:
    """The living link of this purpose. Raises `Gone` for any other: unknown, used, too old, or of another purpose."""
    link = db.session.scalar(
        sa.select(MailedLink).where(
            MailedLink.token_hash == tokens.digest(secret),
            MailedLink.purpose == purpose,
            MailedLink.used_at.is_(None),
            MailedLink.expires_at > now(),
        )
    )
    if link is None:
        raise Gone(DEAD)
    return link


def end_links(person_id: UUID) -> None:
    """End every link mailed to a person: with a new password or address, whoever asked for one before loses it."""
    db.session.execute(
        sa.delete(MailedLink).where(MailedLink.person_id == person_id).execution_options(synchronize_session=False)
    )


def prune() -> int:
    """Delete links that are too old to work; how many those were. The worker calls it."""
    return affected_rows(sa.delete(MailedLink).where(MailedLink.expires_at <= now()))


def prove_address(person: Person) -> None:
    """Who opens a link mailed to an address has it."""
    if person.email_verified_at is None:
        person.email_verified_at = now()


def _new_link(purpose: Purpose, person: Person, new_email: str = "") -> str:
    secret = tokens.new()
    # Earlier links of the purpose die: only the newest mail counts.
    db.session.execute(
        sa.delete(MailedLink)
        .where(MailedLink.person_id == person.id, MailedLink.purpose == purpose)
        .execution_options(synchronize_session=False)
    )
    db.session.add(
        MailedLink(
            token_hash=tokens.digest(secret),
            purpose=purpose,
            person_id=person.id,
            new_email=new_email,
            expires_at=now() + timedelta(minutes=LIFE_MINUTES),
        )
    )
    return urls.to(f"/{purpose}/{secret}")


def _consume(link: MailedLink) -> None:
    use = sa.update(MailedLink).where(MailedLink.id == link.id, MailedLink.used_at.is_(None)).values(used_at=now())
    if affected_rows(use) != 1:
        raise Gone(DEAD)


def address_of(link: MailedLink) -> str:
    """The address of the account a link is for, shown and given to password managers."""
    return people.get(link.person_id).email
