"""An authenticator for the tests: makes credentials and signs with them, and lies where a story wants it to."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, MAY_BE_COPIED, IS_COPIED, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def to_text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One credential. `count` is its use count: None stays at zero, as that of most synchronized passkeys does."""

    def __init__(self, *, origin="http://localhost", host="localhost", count=0, is_synced=False):
        self.flags = MAY_BE_COPIED | IS_COPIED if is_synced else 0
        self.origin, self.host, self.count = origin, host, count
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.person = secrets.token_bytes(32), None

    def _data(self, flags, more=b""):
        return (
            hashlib.sha256(self.host.encode()).digest()
            + bytes([flags | self.flags])
            + (self.count or 0).to_bytes(4)
            + more
        )

    def _client(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, client, **response):
        said = {name: to_text(value) for name, value in ({"clientDataJSON": client} | response).items() if value}
        return json.dumps({"id": to_text(self.id), "rawId": to_text(self.id), "type": "public-key", "response": said})

    def create(self, options):
        """Answer `navigator.credentials.create`."""
        self.person = to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        data = self._data(PRESENT | VERIFIED | ATTESTED, bytes(16) + len(self.id).to_bytes(2) + self.id + public)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(self._client("webauthn.create", options), attestationObject=attestation)

    def get(self, options, *, verified=True):
        """Answer `navigator.credentials.get`."""
        if self.count is not None:
            self.count += 1
        data, client = self._data(PRESENT | (VERIFIED if verified else 0)), self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(client, authenticatorData=data, signature=signature, userHandle=self.person)


def passkey_page(path=""):
    return f"/account/second-factor{path}"


def options_in(text):
    """What the page tells the browser's passkeys."""
    return json.loads(html.unescape(re.search(r'data-options="([^"]*)"', text)[1]))


def begin_passkey(page, key=None, name="Phone"):
    """The form with which a person adds a passkey, filled in by their browser."""
    key = key or Authenticator()
    return {"name": name, "passkey": key.create(options_in(page.get(passkey_page()).text))}


def add_passkey(page, key=None, name="Phone"):
    """Add a passkey as a person does."""
    key = key or Authenticator()
    answer = page.post(passkey_page("/passkeys"), begin_passkey(page, key, name))
    assert answer.status_code in (200, 303), answer.text
    return key


def removal(page):
    """Where the button of the first passkey leads."""
    return re.search(r'action="([^"]*/passkeys/[^"]*/remove)"', page.get(passkey_page()).text)[1]


def sign_in_alone(page, key, **more):
    """Sign in with a passkey and nothing else."""
    answer = key.get(options_in(page.get("/sign-in").text), **more)
    return page.post("/sign-in", {"passkey": answer})
