"""People: addresses and their one comparable form, names, passwords. The only writer of `people`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from fastpix import names, passwords
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing
from fastpix.resources.people.models import Person


def check_email(text: str, field: str = "email") -> tuple[str, str]:
    """The address as shown and its canonical form (ASCII, lower case). Raises `Invalid`.

    Never compared by `upper`, `casefold` or a database's folding: those call different people equal
    (security.md section 3).
    """
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as problem:
        raise Invalid(field, f"This is not a mail address we can use: {problem}") from None
    address = f"{found.local_part}@{found.ascii_domain or found.domain}"
    return address, address.lower()


def check_name(text: str, field: str = "name") -> str:
    """A person's name, white space folded. Raises `Invalid`."""
    return names.checked(text, 120, field=field)


def add(email: str, name: str, password: str, *, is_verified: bool) -> Person:
    """A new person. Raises `Invalid` for a bad or taken address, name or password."""
    shown, canonical = check_email(email)
    name = check_name(name)
    passwords.check_rules(password, email=canonical)
    if find(canonical) is not None:
        raise Invalid("email", "An account with this address exists already.")
    person = Person(
        email=shown,
        email_canonical=canonical,
        name=name,
        name_folded=name.lower(),
        password_hash=passwords.hashed(password),
        email_verified_at=now() if is_verified else None,
    )
    db.session.add(person)
    db.session.flush()
    return person


def find(email: str) -> Person | None:
    """The person with this address, in any spelling of it; None when there is none or it is no address."""
    try:
        canonical = check_email(email)[1]
    except Invalid:
        return None
    return db.session.scalar(sa.select(Person).where(Person.email_canonical == canonical))


def get(person_id: UUID) -> Person:
    """The person with this id. Raises `Missing`."""
    person = db.session.get(Person, person_id)
    if person is None:
        raise Missing("There is no such person.")
    return person


def exist() -> bool:
    """Whether the instance has anybody yet."""
    return db.session.scalar(sa.select(Person.id).limit(1)) is not None


def rename(person: Person, name: str) -> None:
    person.name = check_name(name)
    person.name_folded = person.name.lower()


def set_password(person: Person, password: str, field: str = "password") -> None:
    """Set a new password. Raises `Invalid`. Ending sessions is the caller's (`accounts.sessions`)."""
    passwords.check_rules(password, email=person.email_canonical, field=field)
    person.password_hash = passwords.hashed(password)


def set_email(person: Person, email: str) -> None:
    """Set a new, proved address. Raises `Invalid` when somebody else has it."""
    shown, canonical = check_email(email)
    other = find(canonical)
    if other is not None and other.id != person.id:
        raise Invalid("email", "An account with this address exists already.")
    person.email, person.email_canonical, person.email_verified_at = shown, canonical, now()


def rights_changed(person_id: UUID) -> None:
    """Note that a role of the person changed: their sessions must prove afresh who they are (`table.FRESH`)."""
    db.session.execute(
        sa.update(Person)
        .where(Person.id == person_id)
        .values(rights_changed_at=now())
        .execution_options(synchronize_session=False)
    )


def set_operator(person: Person, is_on: bool) -> None:
    """Whether the person looks after the whole instance. Only the operator's command calls it."""
    person.is_operator = is_on


def set_second_factor(person_id: UUID, is_on: bool) -> None:
    """Note whether signing in as the person asks for a second factor. `accounts.second_factor` keeps what proves it."""
    db.session.execute(
        sa.update(Person)
        .where(Person.id == person_id)
        .values(second_factor_at=now() if is_on else None)
        .execution_options(synchronize_session="fetch")
    )


def second_factor_since(person_id: UUID) -> datetime | None:
    """Since when signing in as the person asks for a second factor; None where it does not."""
    return db.session.scalar(sa.select(Person.second_factor_at).where(Person.id == person_id))


def hides_checklist(person_id: UUID) -> bool:
    """Whether the person put the first steps on the overview away."""
    return bool(db.session.scalar(sa.select(Person.hides_checklist).where(Person.id == person_id)))


def everybody() -> list[Person]:
    """All people of the instance, by address: for the operator's command."""
    return list(db.session.scalars(sa.select(Person).order_by(Person.email_canonical)))


def delete(person: Person) -> None:
    """Delete a person with their sessions. Memberships must be gone: that is `members`' rule to check."""
    db.session.delete(person)
    db.session.flush()
