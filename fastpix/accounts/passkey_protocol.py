"""Passkeys on the wire (WebAuthn): whose server this is, challenges, and the answers of authenticators.

Origin and relying party come from the configured public address alone. A challenge says by its signature what it is for
and until when, so that no table keeps the unanswered ones; an answered one is used up like the key of a form.

`webauthn` is loaded by the functions that use it: it is 150 modules, and most processes never see a passkey.
"""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypedDict
from urllib.parse import urlsplit

from fastpix.config.settings import Settings
from fastpix.crypto import seal
from fastpix.errors import Invalid, Refused
from fastpix.resources.people.models import Person
from fastpix.web import idempotency

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
    """A verified new credential: its id, the public key (COSE), how often it says it was used, whether it is synchronized."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


@dataclass(frozen=True)
class Use:
    """A verified use: how often the authenticator says there was one, and whether the credential lies elsewhere, too."""

    count: int
    is_backed_up: bool


def why_not(settings: Settings) -> str:
    """Why browsers would refuse passkeys at the configured address; empty where they work."""
    if settings.host == "localhost" or settings.host.endswith(".localhost"):  # browsers ask no https of these
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


def spend(answer: Answer, purpose: Purpose, *subject: object) -> None:
    """Use the answered challenge up, in the present transaction. Raises `Invalid` unless it was made for just this."""
    nonce, _, rest = answer.challenge.decode("ascii", "replace").partition(".")
    ends_at, _, signature = rest.partition(".")
    signed = seal.is_signed(signature, "passkey challenge", nonce, ends_at, purpose, *subject)
    if not signed or int(ends_at) < time.time():
        raise Invalid("answer", TOO_LATE)
    try:
        idempotency.use(f"passkey {nonce}")
    except Refused:
        raise Invalid("answer", TOO_LATE) from None


def _signature(nonce: str, ends_at: int, purpose: Purpose, subject: tuple[object, ...]) -> str:
    return seal.sign("passkey challenge", nonce, ends_at, purpose, *subject)


def creation_options(settings: Settings, person: Person, of: bytes, credential_ids: list[bytes]) -> str:
    """JSON for `navigator.credentials.create`. The authenticators in `credential_ids` are not asked for a second one."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=settings.host,
        rp_name=f"fastpix at {settings.host}",
        user_id=person.id.bytes,
        user_name=person.email,
        user_display_name=person.name,
        challenge=of,
        timeout=LIFE * 1000,
        # Preferred, so that plain security keys serve as a second factor, and phones and computers alone.
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in credential_ids],
    )
    return webauthn.options_to_json(options)


def request_options(settings: Settings, of: bytes, credential_ids: list[bytes], *, must_verify: bool = False) -> str:
    """JSON for `navigator.credentials.get`. With `credential_ids` empty, any passkey that names its person will do."""
    import webauthn
    from webauthn.helpers import structs

    wanted = structs.UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=settings.host,
        challenge=of,
        timeout=LIFE * 1000,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in credential_ids],
        user_verification=wanted.REQUIRED if must_verify else wanted.PREFERRED,
    )
    return webauthn.options_to_json(options)


def read(text: str, *, is_new: bool = False) -> Answer:
    """Take apart what the browser sent. Nothing of it is believed yet. Raises `Invalid`."""
    if len(text) > LONGEST_ANSWER:
        raise Invalid("answer", WRONG)
    from webauthn import helpers

    with _doubting():
        if is_new:
            new = helpers.parse_registration_credential_json(text)
            credential_id, client_data, person = new.raw_id, new.response.client_data_json, None
        else:
            shown = helpers.parse_authentication_credential_json(text)
            credential_id, client_data = shown.raw_id, shown.response.client_data_json
            person = shown.response.user_handle
        return Answer(text, credential_id, helpers.parse_client_data_json(client_data).challenge, person)


def verify_new(settings: Settings, answer: Answer) -> NewKey:
    """The new credential, if its answer holds for this server. Raises `Invalid`."""
    import webauthn

    _demand_offered(settings)
    with _doubting():
        verified = webauthn.verify_registration_response(
            credential=answer.text,
            **_expected(settings, answer),
        )
    if not 0 < len(verified.credential_id) <= LONGEST_ID or verified.credential_id != answer.credential_id:
        raise Invalid("answer", WRONG)
    is_synced = verified.credential_device_type.value == "multi_device"
    return NewKey(verified.credential_id, verified.credential_public_key, verified.sign_count, is_synced)


def verify(settings: Settings, answer: Answer, public_key: bytes, *, must_verify: bool) -> Use:
    """What the authenticator says of this use, if its signature holds for this server. Raises `Invalid`.

    `must_verify`: it must have checked a fingerprint, face or PIN. Whether the count grew is the caller's to compare.
    """
    import webauthn

    _demand_offered(settings)
    with _doubting():
        verified = webauthn.verify_authentication_response(
            credential=answer.text,
            **_expected(settings, answer),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=must_verify,
        )
    return Use(verified.new_sign_count, verified.credential_backed_up)


class Expected(TypedDict):
    """What the browser must have signed: our challenge, for our name, at our address."""

    expected_challenge: bytes
    expected_rp_id: str
    expected_origin: str


def _expected(settings: Settings, answer: Answer) -> Expected:
    return {
        "expected_challenge": answer.challenge,
        "expected_rp_id": settings.host,
        "expected_origin": _origin(settings),
    }


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
