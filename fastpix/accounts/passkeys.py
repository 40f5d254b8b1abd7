"""A person's passkeys: adding and removing them, and proving by one who one is.

Only public keys are stored. Tries are counted together with those of codes; an answer counts once.
"""

from __future__ import annotations

import logging
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import describe, personal, read_again
from fastpix.accounts import passkey_protocol, second_factor
from fastpix.accounts.models import Passkey, PasskeyRow
from fastpix.accounts.passkey_protocol import Purpose
from fastpix.config.settings import Settings
from fastpix.db import affected_rows, db, now
from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.people import domain as people
from fastpix.text import naming

log = logging.getLogger(__name__)

MOST = 20
PROVED, PROVED_OUT_OF_TURN = "passkey", "synchronized passkey whose use count went back"
NEEDS_SCRIPT = "The browser sent no passkey. Adding one needs JavaScript and a browser that knows passkeys."


@personal("account.second_factor", changes=False)
def listed(person_id: UUID) -> list[PasskeyRow]:
    """A person's passkeys, oldest first."""
    rows = sa.select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.created_at, Passkey.id)
    return [
        {"id": row.id, "name": row.name, "created_at": row.created_at, "last_used_at": row.last_used_at}
        for row in db.session.scalars(rows)
    ]


@personal("account.second_factor")
def add(settings: Settings, person_id: UUID, session_id: UUID, name: str, answer: str) -> list[str]:
    """Store a new passkey; the recovery codes, if it turned the second factor on. Raises `Invalid`, `Refused`, `TooMany`."""
    name = naming.checked(name, 60)
    if not answer:
        raise Invalid("answer", NEEDS_SCRIPT)
    second_factor.count_try(settings, person_id)
    read_again()
    reply = passkey_protocol.read(answer, is_new=True)
    passkey_protocol.spend(reply, "add", person_id, session_id)
    new_key = passkey_protocol.verify_new(settings, reply)
    if len(credential_ids(person_id)) >= MOST:
        raise Refused(f"You have {MOST} passkeys already. Remove one first.")
    if db.session.scalar(sa.select(Passkey.id).where(Passkey.credential_id == new_key.credential_id)) is not None:
        raise Refused("This passkey was added already.")
    row = Passkey(
        person_id=person_id,
        credential_id=new_key.credential_id,
        public_key=new_key.public_key,
        sign_count=new_key.sign_count,
        is_synced=new_key.is_synced,
        name=name,
    )
    db.session.add(row)
    db.session.flush()
    second_factor.forget_tries(settings, person_id)
    person = people.get(person_id)
    describe("passkey", row.id, name, after={"person": person.name, "passkey": "added"})
    second_factor.tell(person, f"The passkey “{name}” was added: it opens your account from now on.")
    return second_factor.turn_on(person_id)


@personal("account.second_factor")
def remove(person_id: UUID, passkey_id: UUID) -> bool:
    """Remove a passkey of one's own; whether a second factor is left. Raises `Missing` for somebody else's or none."""
    row = db.session.scalar(sa.select(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == person_id))
    if row is None:
        raise Missing("This passkey was removed already.")
    person, name = people.get(person_id), row.name
    db.session.delete(row)
    db.session.flush()
    is_left = second_factor.settle(person_id)
    after = {"person": person.name, "passkey": "removed"} | ({} if is_left else {"second_factor": "off"})
    describe("passkey", passkey_id, name, after=after)
    off = "" if is_left else " It was your last second factor: the password alone opens your account now."
    second_factor.tell(person, f"The passkey “{name}” was removed.{off}")
    return is_left


def options_to_add(settings: Settings, person_id: UUID, session_id: UUID) -> str:
    """JSON with which the browser makes a new passkey; empty where passkeys do not work at this address."""
    if passkey_protocol.why_not(settings):
        return ""
    of = passkey_protocol.challenge("add", person_id, session_id)
    return passkey_protocol.creation_options(settings, people.get(person_id), of, credential_ids(person_id))


def options_to_prove(settings: Settings, person_id: UUID, purpose: Purpose, *subject: object) -> str:
    """JSON with which the browser asks for a passkey of the person; empty where there is none, or none works."""
    of_person = credential_ids(person_id)
    if not of_person or passkey_protocol.why_not(settings):
        return ""
    return passkey_protocol.request_options(settings, passkey_protocol.challenge(purpose, *subject), of_person)


def options_to_sign_in(settings: Settings, mark: str) -> str:
    """JSON with which the browser asks for anybody's passkey; empty where passkeys do not work at this address."""
    if passkey_protocol.why_not(settings):
        return ""
    return passkey_protocol.request_options(settings, passkey_protocol.challenge("alone", mark), [], must_verify=True)


def credential_ids(person_id: UUID) -> list[bytes]:
    """Ids of the person's credentials, which tell a browser what to ask for."""
    ids = sa.select(Passkey.credential_id).where(Passkey.person_id == person_id)
    return list(db.session.scalars(ids.order_by(Passkey.created_at, Passkey.id)))


def owner(answer: str) -> UUID:
    """Whose passkey this claims to be, by the credential and by the person it names. Raises `Invalid`.

    A claim only: `prove` decides.
    """
    reply = passkey_protocol.read(answer)
    person_id = db.session.scalar(sa.select(Passkey.person_id).where(Passkey.credential_id == reply.credential_id))
    if person_id is None or reply.person != person_id.bytes:
        raise Invalid("answer", "This server does not know this passkey. Sign in with your password.")
    return person_id


def prove(
    settings: Settings, person_id: UUID, answer: str, purpose: Purpose, *subject: object, must_verify: bool = False
) -> str:
    """Prove by a passkey of the person who one is; the words for it. Part of signing in and of the fresh step.

    Ends the transaction before it looks: a failed try must count. Raises `Invalid`, `TooMany`.
    """
    second_factor.count_try(settings, person_id)
    reply = passkey_protocol.read(answer)
    passkey_protocol.spend(reply, purpose, *subject)
    row = db.session.scalar(
        sa.select(Passkey).where(Passkey.person_id == person_id, Passkey.credential_id == reply.credential_id)
    )
    if row is None:
        raise Invalid("answer", passkey_protocol.WRONG)
    use = passkey_protocol.verify(settings, reply, row.public_key, must_verify=must_verify)
    words = PROVED
    if not _note_use(row.id, use.count):
        log.warning(
            "passkey %s of person %s: its use count went back to %d; is it a copy?", row.id, person_id, use.count
        )
        if not (row.is_synced and use.is_backed_up):
            raise Invalid("answer", passkey_protocol.WRONG)
        # Copies are what it is for, and each device of the person counts for itself.
        affected_rows(sa.update(Passkey).where(Passkey.id == row.id).values(last_used_at=now()))
        words = PROVED_OUT_OF_TURN
    second_factor.forget_tries(settings, person_id)
    return words


def _note_use(passkey_id: UUID, count: int) -> bool:
    """Whether the count grew, or both are zero (authenticators that do not count). One statement, so that of two
    answers with the same count only one is taken."""
    grew = sa.or_(Passkey.sign_count < count, sa.and_(Passkey.sign_count == 0, sa.literal(count) == 0))
    use = sa.update(Passkey).where(Passkey.id == passkey_id, grew).values(sign_count=count, last_used_at=now())
    return affected_rows(use) == 1
