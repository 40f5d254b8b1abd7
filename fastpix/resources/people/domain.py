"""People: addresses and their one comparable form, names, passwords. The only writer of `people`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from fastpix.config import instance
from fastpix.crypto import passwords
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing
from fastpix.resources.people.models import Person, PersonWord
from fastpix.text import folded_words, naming, pasted

STAND_IN = ".example"


def check_email(text: str, field: str = "email") -> tuple[str, str]:
    """The address as shown and its canonical form (ASCII, lower case). Raises `Invalid`.

    Never compared by `upper`, `casefold` or a database's folding: those call different people equal
    (docs/threat-model.md, class 18).
    """
    text = pasted.one(text)
    # The library refuses names that the internet does not have: one of the operator's own is looked at below a good one.
    suffix = STAND_IN if _is_local(text) else ""
    try:
        valid = validate_email(text + suffix, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as problem:
        raise Invalid(field, f"This is not a mail address we can use: {problem}") from None
    address = f"{valid.local_part}@{(valid.ascii_domain or valid.domain).removesuffix(suffix)}"
    return address, address.lower()


def _is_local(text: str) -> bool:
    """Whether the operator said that the address's domain, or one above it, is known in their network."""
    domain = text.rpartition("@")[2].lower()
    return any(domain == each or domain.endswith(f".{each}") for each in instance.settings().local_domains)


def check_name(text: str, field: str = "name") -> str:
    """A person's name, white space folded. Raises `Invalid`."""
    return naming.checked(text, 120, field=field)


def add(email: str, name: str, password: str, *, is_verified: bool) -> Person:
    """A new person. Raises `Invalid` for a bad or taken address, name or password."""
    address, canonical = check_email(email)
    name = check_name(name)
    passwords.check_rules(password, email=canonical)
    if find(canonical) is not None:
        raise Invalid("email", "An account with this address exists already.")
    person = Person(
        email=address,
        email_canonical=canonical,
        name=name,
        name_folded=name.lower(),
        password_hash=passwords.hashed(password),
        email_verified_at=now() if is_verified else None,
    )
    db.session.add(person)
    db.session.flush()
    _index(person)
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
    _index(person)


def set_password(person: Person, password: str, field: str = "password") -> None:
    """Set a new password. Raises `Invalid`. Ending sessions is the caller's (`accounts.sessions`)."""
    passwords.check_rules(password, email=person.email_canonical, field=field)
    person.password_hash = passwords.hashed(password)


def set_email(person: Person, email: str) -> None:
    """Set a new, proved address. Raises `Invalid` when somebody else has it."""
    address, canonical = check_email(email)
    other = find(canonical)
    if other is not None and other.id != person.id:
        raise Invalid("email", "An account with this address exists already.")
    person.email, person.email_canonical, person.email_verified_at = address, canonical, now()
    _index(person)


def rights_changed(*person_ids: UUID) -> None:
    """Note that a role of these people changed: their sessions must prove afresh who they are (`table.FRESH`)."""
    db.session.execute(
        sa.update(Person)
        .where(Person.id.in_(person_ids))
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


def _index(person: Person) -> None:
    """Keep the words that find the person: what differs alone, so that two who save the same are not in each other's way."""
    db.session.flush()  # the person's row first: whoever changes the same person waits here
    mine = sa.select(PersonWord).where(PersonWord.person_id == person.id).execution_options(populate_existing=True)
    kept = {row.word: row for row in db.session.scalars(mine)}
    wanted = {row.word: row for row in words_of(person.id, person.name, person.email_canonical)}
    for word, row in kept.items():
        if word in wanted:
            row.name = wanted[word].name
        else:
            db.session.delete(row)
    db.session.add_all(row for word, row in wanted.items() if word not in kept)


def words_of(person_id: UUID, name: str, address: str) -> list[PersonWord]:
    """Rows of the words that find a person."""
    plain = folded_words.folded(name)
    words = sorted(folded_words.of_person(name, address))
    return [PersonWord(person_id=person_id, word=word, name=plain) for word in words]
