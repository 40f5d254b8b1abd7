"""The second factor: codes of an authenticator app (TOTP), and recovery codes for who lost it or their passkeys.

A code works once: the newest time step taken is kept. Clocks may differ by one step. Wrong codes are counted per person.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import Any, Literal
from uuid import UUID

import pyotp
import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import describe, personal, read_again
from fastpix.accounts.models import Passkey, RecoveryCode, SecondFactor, SecondFactorState
from fastpix.config.settings import Settings
from fastpix.crypto import seal, tokens
from fastpix.db import affected_rows, db, now
from fastpix.errors import Invalid, Refused
from fastpix.mail import outbox
from fastpix.ratelimit import attempts
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person

STEP_SECONDS, CODES, WINDOW = 30, 10, 15  # minutes of the window in which wrong codes are counted
WRONG = "This code is wrong, or was used already. Wait for the next one."
NOT_ON = "Your second factor is not turned on."
# Without letters and digits that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def is_on(person_id: UUID) -> bool:
    """Whether signing in as this person needs a second factor."""
    return people.second_factor_since(person_id) is not None


@personal("account.second_factor", changes=False)
def state(person_id: UUID) -> SecondFactorState:
    """Whether it is on and by what, and what a person needs who sets up an app just now."""
    row, since = _find(person_id), people.second_factor_since(person_id)
    secret = _waiting_secret(row)
    uri = (
        pyotp.TOTP(secret).provisioning_uri(name=people.get(person_id).email, issuer_name="fastpix") if secret else None
    )
    return {
        "since": since,
        "has_app": bool(row and row.last_step),
        "codes_left": _codes_left(person_id),
        "secret": secret,
        "uri": uri,
    }


@personal("account.second_factor")
def start(person_id: UUID) -> None:
    """A new secret, which waits for its first right code and counts for nothing until then. Raises `Refused`."""
    person = people.get(person_id)
    if _has_app(person_id):
        raise Refused("Your authenticator app is set up already. Turn the second factor off first to set up another.")
    _delete_app(person_id)
    db.session.add(SecondFactor(person_id=person_id, sealed=seal.seal(pyotp.random_base32())))
    db.session.flush()
    describe("person", person.id, person.name, after={"second_factor": "waits for its first code"})


@personal("account.second_factor")
def activate(settings: Settings, person_id: UUID, code: str) -> list[str]:
    """Set the app up by a right code; the recovery codes, if that turned the second factor on. They are shown now and
    never again. Raises `Invalid`, `Refused`, `TooMany`."""
    row = _find(person_id)
    if row is None or row.last_step:
        raise Refused("There is nothing to confirm. Begin with “Set up an authenticator app”.")
    count_try(settings, person_id)
    read_again()
    _take_totp(person_id, _bare(code))
    person, before = people.get(person_id), "on" if is_on(person_id) else "off"
    describe("person", person.id, person.name, before={"second_factor": before}, after={"second_factor": "on"})
    tell(person, "A second factor was turned on: signing in asks for a code of your authenticator app from now on.")
    return turn_on(person_id)


@personal("account.second_factor")
def turn_off(person_id: UUID) -> None:
    """Turn it off: app, passkeys and recovery codes go. Raises `Refused` when it is not on."""
    if not is_on(person_id):
        raise Refused(NOT_ON)
    person = people.get(person_id)
    _delete(person_id)
    describe("person", person.id, person.name, before={"second_factor": "on"}, after={"second_factor": "off"})
    tell(person, "Your second factor was turned off: the password alone opens your account now.")


@personal("account.second_factor")
def renew_codes(person_id: UUID) -> list[str]:
    """New recovery codes, shown now and never again; the old ones are dead. Raises `Refused` when it is not on."""
    if not is_on(person_id):
        raise Refused(NOT_ON)
    person = people.get(person_id)
    describe("person", person.id, person.name, after={"recovery_codes": "new"})
    return _make_codes(person_id)


def prove(settings: Settings, person_id: UUID, code: str, *, field: str = "code") -> Literal["code", "recovery code"]:
    """Use up a code of the app or a recovery code; which of them it was. Part of signing in and of the fresh step.

    Ends the transaction: a wrong code must count. Raises `Invalid`, `TooMany`.
    """
    count_try(settings, person_id)
    bare = _bare(code)
    if not is_on(person_id) or (bare.isdigit() and not _has_app(person_id)):
        raise Invalid(field, WRONG)
    if bare.isdigit():
        _take_totp(person_id, bare, field)
    else:
        _take_recovery(person_id, bare, field)
    forget_tries(settings, person_id)
    return "code" if bare.isdigit() else "recovery code"


def remove(person_id: UUID) -> bool:
    """Take it away without a code: the operator's rescue, and an account that was never proved. Whether it was on."""
    was_on = is_on(person_id)
    _delete(person_id)
    return was_on


def turn_on(person_id: UUID) -> list[str]:
    """Note that there is a second factor; the recovery codes if it is the first, else nothing. Part of other verbs."""
    if is_on(person_id):
        return []
    people.set_second_factor(person_id, True)
    return _make_codes(person_id)


def settle(person_id: UUID) -> bool:
    """After something was removed: whether app or passkey is left. Without either, recovery codes go as well."""
    passkey = sa.select(Passkey.id).where(Passkey.person_id == person_id).limit(1)
    is_left = _has_app(person_id) or db.session.scalar(passkey) is not None
    if not is_left:
        _delete(person_id)
    return is_left


def count_try(settings: Settings, person_id: UUID) -> None:
    """Count a try of a code or passkey, whatever becomes of it. Ends the transaction. Raises `TooMany`.

    A million codes, three of them right at any time: ten tries in 15 minutes leave nothing to guess.
    """
    attempts.count("code of", str(person_id), settings.sign_in_attempts, WINDOW)
    db.session.commit()  # a failed try must count


def forget_tries(settings: Settings, person_id: UUID) -> None:
    """Start counting anew, after a right code or passkey."""
    attempts.forget("code of", str(person_id), settings.sign_in_attempts, WINDOW)


def tell(person: Person, text: str) -> None:
    """Mail the person what happened to their second factor."""
    outbox.post("second_factor", person.email, {"name": person.name, "text": text})


def _find(person_id: UUID) -> SecondFactor | None:
    app = sa.select(SecondFactor).where(SecondFactor.person_id == person_id)
    return db.session.scalar(app, execution_options={"populate_existing": True})


def _waiting_secret(row: SecondFactor | None) -> str | None:
    """The secret of an app that waits for its first code.

    It is shown to the fresh step that made it, not to a session that was left open. And it cannot be shown when the
    instance's key was changed meanwhile. Both begin anew.
    """
    if row is None or row.last_step or not principal.current().is_fresh:
        return None
    return seal.unseal(row.sealed)


def _has_app(person_id: UUID) -> bool:
    """Whether an app was set up by a first right code."""
    row = _find(person_id)
    return row is not None and row.last_step > 0


def _bare(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()[:40]


def _step() -> int:
    return int(time.time()) // STEP_SECONDS


def _take_totp(person_id: UUID, code: str, field: str = "code") -> None:
    row = _find(person_id)
    secret = seal.unseal(row.sealed) if row else None
    if row is None or secret is None:
        raise Invalid(field, WRONG)
    totp, present = pyotp.TOTP(secret), _step()
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()) and _use_up(person_id, step):
            return
    raise Invalid(field, WRONG)


def _use_up(person_id: UUID, step: int) -> bool:
    """Whether this request is the one that takes the step's code. One statement, so two requests cannot both be."""
    use = sa.update(SecondFactor).where(SecondFactor.person_id == person_id, SecondFactor.last_step < step)
    return affected_rows(use.values(last_step=step)) == 1


def _take_recovery(person_id: UUID, code: str, field: str) -> None:
    use = (
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == tokens.digest(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
    )
    if affected_rows(use) != 1:
        raise Invalid(field, WRONG)
    count = _codes_left(person_id)
    tell(people.get(person_id), f"A recovery code was used in place of your authenticator app. {count} are left.")


def _codes_left(person_id: UUID) -> int:
    unused = sa.select(sa.func.count(RecoveryCode.id)).where(
        RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(unused) or 0


def _make_codes(person_id: UUID) -> list[str]:
    """79 bits each, so that a plain hash keeps them: nobody tries them all."""
    db.session.execute(_old_codes(person_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(CODES)]
    db.session.add_all(RecoveryCode(person_id=person_id, code_hash=tokens.digest(code)) for code in codes)
    db.session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def _old_codes(person_id: UUID) -> Any:
    old = sa.delete(RecoveryCode).where(RecoveryCode.person_id == person_id)
    return old.execution_options(synchronize_session=False)


def _delete(person_id: UUID) -> None:
    db.session.execute(_old_codes(person_id))
    people.set_second_factor(person_id, False)
    keys = sa.delete(Passkey).where(Passkey.person_id == person_id)
    db.session.execute(keys.execution_options(synchronize_session="fetch"))
    _delete_app(person_id)


def _delete_app(person_id: UUID) -> None:
    app = sa.delete(SecondFactor).where(SecondFactor.person_id == person_id)
    db.session.execute(app.execution_options(synchronize_session="fetch"))
