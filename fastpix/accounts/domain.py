"""A person's own account: signing in and out, name, password, theme, deleting it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from fastpix.access import principal
from fastpix.access.action import describe, personal, read_again
from fastpix.accounts import known_devices, passkeys, recovery, second_factor, sessions
from fastpix.config.settings import Settings
from fastpix.crypto import passwords, tokens
from fastpix.db import db, reading
from fastpix.errors import Invalid, Refused
from fastpix.mail import outbox
from fastpix.ratelimit import attempts
from fastpix.resources.members import membership
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person

WRONG = "The address or the password is wrong."
WINDOW = 15  # minutes


@dataclass(frozen=True)
class Browser:
    """What is known of the browser that asks. `device` is the secret by which it is known again."""

    address: str
    user_agent: str
    device: str


@dataclass(frozen=True)
class Arrival:
    """What a right password gave: the secret of a session, or of a half one that only opens the page for the code."""

    secret: str
    needs_code: bool


@personal("account.sign_in")
def sign_in(settings: Settings, email: str, password: str, *, is_remembered: bool, browser: Browser) -> Arrival:
    """Start a session for a right password, or a half one where a code is needed too. Raises `Invalid`, `TooMany`.

    Unknown and known addresses cost the same and get the same answer.
    """
    _count_attempt(settings, email, browser.address)
    person_id, stored = _look_up(email)
    if not passwords.matches(stored, password) or person_id is None:
        raise Invalid("password", WRONG)
    person = people.get(person_id)
    if passwords.is_outdated(stored, password):
        person.password_hash = passwords.hashed(password)
    _forget_attempts(settings, email, browser.address)
    if second_factor.is_on(person.id):
        describe("person", person.id, person.name, after={"waits_for": "second factor"})
        return Arrival(sessions.start_half(person.id, is_remembered=is_remembered), True)
    return Arrival(begin(settings, person, is_remembered=is_remembered, browser=browser), False)


@dataclass(frozen=True)
class Proof:
    """What somebody gives at the fresh step or after the password. A passkey counts first, then a code, if given."""

    password: str = ""
    code: str = ""
    passkey: str = ""


@personal("account.sign_in")
def finish_sign_in(settings: Settings, half_secret: str, proof: Proof, *, browser: Browser) -> tuple[str, bool]:
    """After the password, the code or a passkey: (secret of the session, whether it is remembered). Raises `Invalid`, `TooMany`, `Gone`."""
    half = sessions.find_half(half_secret)
    person_id, is_remembered = half.person_id, half.is_remembered
    if proof.passkey:
        proved_by = passkeys.prove(settings, person_id, proof.passkey, "code", tokens.digest(half_secret))
    else:
        proved_by = ""
        second_factor.prove(settings, person_id, proof.code)
    sessions.use_half(half_secret)
    person = people.get(person_id)
    secret = begin(settings, person, is_remembered=is_remembered, browser=browser, proved_by=proved_by)
    return secret, is_remembered


@personal("account.sign_in")
def sign_in_with_passkey(settings: Settings, answer: str, mark: str, *, is_remembered: bool, browser: Browser) -> str:
    """Start a session for a passkey alone, which checked fingerprint, face or PIN: password and second factor in one.

    `mark` is what the challenge was bound to, the browser's own. Raises `Invalid`, `TooMany`.
    """
    attempts.count("sign-in from", browser.address, settings.sign_in_attempts * 5, WINDOW)
    db.session.commit()  # a failed try must count
    person_id = passkeys.owner(answer)
    proved_by = passkeys.prove(settings, person_id, answer, "alone", mark, must_verify=True)
    person = people.get(person_id)
    return begin(settings, person, is_remembered=is_remembered, browser=browser, proved_by=proved_by)


@personal("account.sign_in")
def confirm(settings: Settings, person_id: UUID, session_id: UUID, proof: Proof, *, browser: Browser) -> str:
    """A fresh step: prove once more who one is; the session's new secret is for the cookie.

    Counted together with the tries of signing in. Raises `Invalid`, `TooMany`, `Missing`.
    """
    proved_by = "password"
    if proof.passkey:
        proved_by = passkeys.prove(settings, person_id, proof.passkey, "confirm", person_id, session_id)
    elif proof.code:
        proved_by = second_factor.prove(settings, person_id, proof.code, field="fresh_code")
    else:
        person = people.get(person_id)
        email, stored = person.email_canonical, person.password_hash
        _count_attempt(settings, email, browser.address)
        if not passwords.matches(stored, proof.password):
            raise Invalid("fresh_password", "This is not your password.")
        _forget_attempts(settings, email, browser.address)
    secret = sessions.renew(session_id)
    describe("session", session_id, principal.current().name, after={"confirmed_with": proved_by})
    return secret


def begin(settings: Settings, person: Person, *, is_remembered: bool, browser: Browser, proved_by: str = "") -> str:
    """A new session for a person who has proved who they are, in the verb that is running; the log tells odd proofs."""
    life = timedelta(days=settings.remember_days) if is_remembered else timedelta(hours=settings.session_hours)
    secret = sessions.start(
        person.id, life, is_remembered=is_remembered, address=browser.address, user_agent=browser.user_agent
    )
    principal.enter(replace(principal.current(), kind="person", name=person.name, person_id=person.id, session_id=None))
    is_new = known_devices.meet(person, browser.device, address=browser.address, user_agent=browser.user_agent)
    after = {"user_agent": browser.user_agent[:100]} | ({"new_device": True} if is_new else {})
    after |= {"proved_by": proved_by} if proved_by == passkeys.PROVED_OUT_OF_TURN else {}
    describe("person", person.id, person.name, after=after)
    return secret


@personal("account.sign_out", is_alone=True)
def sign_out(session_id: UUID) -> None:
    """End the session one is signed in with."""
    describe("session", session_id, principal.current().name)
    sessions.end_one(session_id)


@personal("account.edit")
def rename(person_id: UUID, name: str) -> None:
    """Change one's own name. Raises `Invalid`."""
    person = people.get(person_id)
    before = person.name
    people.rename(person, name)
    describe("person", person.id, person.name, before={"name": before}, after={"name": person.name})


@personal("account.edit")
def choose_theme(person_id: UUID, theme: str) -> None:
    """Light, dark, or as the system has it (empty). Raises `Invalid`."""
    if theme not in ("", "light", "dark"):
        raise Invalid("theme", "Choose light, dark or as the system has it.")
    person = people.get(person_id)
    describe("person", person.id, person.name, before={"theme": person.theme}, after={"theme": theme})
    person.theme = theme


@personal("account.edit")
def hide_checklist(person_id: UUID, is_hidden: bool) -> None:
    """Put the first steps on the overview away, or bring them back."""
    person = people.get(person_id)
    before, after = {"checklist_hidden": person.hides_checklist}, {"checklist_hidden": is_hidden}
    describe("person", person.id, person.name, before=before, after=after)
    person.hides_checklist = is_hidden


@personal("account.password", is_alone=True)
def change_password(settings: Settings, person_id: UUID, current: str, new: str, *, browser: Browser) -> str:
    """A new password, proved by the current one; all sessions end and a new one begins, whose secret is returned.

    Raises `Invalid`, `TooMany`.
    """
    person = people.get(person_id)
    email, stored = person.email_canonical, person.password_hash
    _count_attempt(settings, email, browser.address)
    if not passwords.matches(stored, current):
        raise Invalid("current", "This is not your current password.")
    read_again()
    person = people.get(person_id)
    sessions.end_all(person_id)
    people.set_password(person, new, field="new")
    recovery.end_links(person_id)
    outbox.post("password_changed", person.email, {"name": person.name})
    return begin(settings, person, is_remembered=False, browser=browser)


@personal("account.delete", is_alone=True)
def delete(settings: Settings, person_id: UUID, password: str, *, browser: Browser) -> None:
    """Delete one's own account. Raises `Refused` while one is a member anywhere, `Invalid` for a wrong password."""
    _check_is_member_of_nothing(person_id)
    person = people.get(person_id)
    stored = person.password_hash
    _count_attempt(settings, person.email_canonical, browser.address)
    if not passwords.matches(stored, password):
        raise Invalid("password", "This is not your password.")
    read_again()
    # Again, in the transaction that deletes: they may have founded or joined an organization meanwhile.
    _check_is_member_of_nothing(person_id)
    person = people.get(person_id)
    describe("person", person.id, person.name)
    people.delete(person)


def _check_is_member_of_nothing(person_id: UUID) -> None:
    if memberships := membership.of_person(person_id):
        names = ", ".join(each.organization_name for each in memberships)
        raise Refused(f"You are still a member of {names}. Leave first: an organization always keeps an admin.")


def _count_attempt(settings: Settings, email: str, address: str) -> None:
    """Count a try of a password, and save the count whatever becomes of the try. Ends the transaction."""
    account, most, address = _account_key(email), settings.sign_in_attempts, attempts.network(address)
    attempts.count(f"sign-in from {address} to", account, most, WINDOW)
    attempts.count("sign-in to", account, most * 5, WINDOW)  # many addresses: one of them must not lock the owner out
    attempts.count("sign-in from", address, most * 5, WINDOW)
    db.session.commit()  # a failed try must count; and no lock may be held while a password is checked


def _forget_attempts(settings: Settings, email: str, address: str) -> None:
    account, most, address = _account_key(email), settings.sign_in_attempts, attempts.network(address)
    attempts.forget(f"sign-in from {address} to", account, most, WINDOW)
    attempts.forget("sign-in to", account, most * 5, WINDOW)


def _account_key(email: str) -> str:
    try:
        return tokens.digest(people.check_email(email)[1])
    except Invalid:
        return tokens.digest(email)  # no address: a key of its own all the same


def _look_up(email: str) -> tuple[UUID | None, str]:
    """Id and stored hash of an account; empty ones where there is none. Holds no transaction afterwards."""
    with reading():
        person = people.find(email)
        account = (person.id, person.password_hash) if person else (None, "")
        db.session.rollback()
    return account
