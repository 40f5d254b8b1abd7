"""Passkeys on the wire (WebAuthn): whose server this is, challenges, and the answers of authenticators.

Origin and relying party come from the configured public address alone. A challenge says by its signature what it is for
and until when, so that no table keeps the unanswered ones; an answered one is used up like the key of a form.
"""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fastpix import once, seal
from fastpix.errors import Invalid, Refused
from fastpix.resources.people.models import Person
from fastpix.settings import Settings

Purpose = Literal["add", "code", "confirm", "alone"]
LIFE = 600  # seconds that a challenge may wait for its answer
LONGEST_ANSWER, LONGEST_ID = 20_000, 1023  # characters of JSON; bytes of a credential's id, as WebAuthn allows
WRONG = "This passkey was not accepted. Try again, or use another way."
TOO_LATE = "This took too long, or was sent twice. Try again."


@dataclass(frozen=True)
class Answer:
    """What an authenticator said, read and not yet believed: the JSON of it, and what is needed to look it up."""

    text: str
    credential_id: bytes
    challenge: bytes
    person: bytes | None


@dataclass(frozen=True)
class NewKey:
    """A verified new credential: its id, the public key (COSE), and how often it says it was used."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def why_not(settings: Settings) -> str:
    """Why browsers would refuse passkeys at the configured address; empty where they work."""
    if settings.host == "localhost":
        return ""
    try:
        ipaddress.ip_address(settings.host)
    except ValueError:
        if settings.is_https:
            return ""
        return f"Browsers allow passkeys only over https, and the address of this server is {settings.public_url}."
    return f"Browsers bind passkeys to a name, and the address of this server is a number: {settings.public_url}."


def challenge(purpose: Purpose, *subject: object) -> bytes:
    """A new challenge for one purpose and for one person, session or browser (`subject`); good for `LIFE` seconds."""
    nonce, ends_at = secrets.token_urlsafe(32), int(time.time()) + LIFE
    return f"{nonce}.{ends_at}.{_signature(nonce, ends_at, purpose, subject)}".encode()


def spend(given: Answer, purpose: Purpose, *subject: object) -> None:
    """Use the answered challenge up, in the present transaction. Raises `Invalid` unless it was made for just this."""
    nonce, _, rest = given.challenge.decode("ascii", "replace").partition(".")
    ends_at, _, signature = rest.partition(".")
    signed = seal.is_signed(signature, "passkey challenge", nonce, ends_at, purpose, *subject)
    if not signed or int(ends_at) < time.time():
        raise Invalid("answer", TOO_LATE)
    try:
        once.use(f"passkey {nonce}")
    except Refused:
        raise Invalid("answer", TOO_LATE) from None


def _signature(nonce: str, ends_at: int, purpose: Purpose, subject: tuple[object, ...]) -> str:
    return seal.sign("passkey challenge", nonce, ends_at, purpose, *subject)


def creation_options(settings: Settings, person: Person, of: bytes, known: list[bytes]) -> str:
    """JSON for `navigator.credentials.create`. The authenticators in `known` are not asked for a second one."""
    options = webauthn.generate_registration_options(
        rp_id=settings.host,
        rp_name=f"fastpix at {settings.host}",
        user_id=person.id.bytes,
        user_name=person.email,
        user_display_name=person.name,
        challenge=of,
        timeout=LIFE * 1000,
        # Preferred, so that plain security keys serve as a second factor, and phones and computers alone.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return webauthn.options_to_json(options)


def request_options(settings: Settings, of: bytes, known: list[bytes], *, must_verify: bool = False) -> str:
    """JSON for `navigator.credentials.get`. With `known` empty, any passkey that names its person will do."""
    wanted = UserVerificationRequirement.REQUIRED if must_verify else UserVerificationRequirement.PREFERRED
    options = webauthn.generate_authentication_options(
        rp_id=settings.host,
        challenge=of,
        timeout=LIFE * 1000,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=wanted,
    )
    return webauthn.options_to_json(options)


def read(text: str, *, is_new: bool = False) -> Answer:
    """Take apart what the browser sent. Nothing of it is believed yet. Raises `Invalid`."""
    if len(text) > LONGEST_ANSWER:
        raise Invalid("answer", WRONG)
    with _doubting():
        if is_new:
            made = parse_registration_credential_json(text)
            credential_id, said, person = made.raw_id, made.response.client_data_json, None
        else:
            shown = parse_authentication_credential_json(text)
            credential_id, said, person = shown.raw_id, shown.response.client_data_json, shown.response.user_handle
        return Answer(text, credential_id, parse_client_data_json(said).challenge, person)


def verify_new(settings: Settings, given: Answer) -> NewKey:
    """The new credential, if its answer holds for this server. Raises `Invalid`."""
    _demand_offered(settings)
    with _doubting():
        found = webauthn.verify_registration_response(
            credential=given.text,
            expected_challenge=given.challenge,
            expected_rp_id=settings.host,
            expected_origin=_origin(settings),
        )
    if not 0 < len(found.credential_id) <= LONGEST_ID or found.credential_id != given.credential_id:
        raise Invalid("answer", WRONG)
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count)


def verify(settings: Settings, given: Answer, public_key: bytes, *, must_verify: bool) -> int:
    """How often the authenticator says it was used, if its signature holds for this server. Raises `Invalid`.

    `must_verify`: it must have checked a fingerprint, face or PIN. Whether the count grew is the caller's to compare.
    """
    _demand_offered(settings)
    with _doubting():
        found = webauthn.verify_authentication_response(
            credential=given.text,
            expected_challenge=given.challenge,
            expected_rp_id=settings.host,
            expected_origin=_origin(settings),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=must_verify,
        )
    return found.new_sign_count


@contextmanager
def _doubting() -> Iterator[None]:
    """Whatever breaks on what a stranger sent, in the library or in the CBOR below it: the answer is no good."""
    try:
        yield
    except Exception as problem:  # each way is a no
        raise Invalid("answer", WRONG) from problem


def _demand_offered(settings: Settings) -> None:
    if reason := why_not(settings):
        raise Invalid("answer", reason)


def _origin(settings: Settings) -> str:
    parts = urlsplit(settings.public_url)
    return f"{parts.scheme}://{parts.netloc}"
