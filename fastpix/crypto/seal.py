"""Sealing and signing with the instance's secret key: what must wait in the database, and addresses that are proof."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fastpix.config import instance
from fastpix.config.settings import Settings, secret_key


def _cipher(settings: Settings) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived(settings, b"fastpix seal")))


def _signing_key(settings: Settings) -> bytes:
    return _derived(settings, b"fastpix sign")


def _derived(settings: Settings, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key(settings).encode())


def seal(text: str) -> bytes:
    return instance.part(_cipher).encrypt(text.encode())


def unseal(sealed: bytes) -> str | None:
    """The text again; None when it was sealed with another secret key."""
    try:
        return instance.part(_cipher).decrypt(sealed).decode()
    except InvalidToken:
        return None


def sign(purpose: str, *parts: object) -> str:
    """A signature of the parts, URL-safe text of 144 bits. The purpose keeps signatures of different things apart."""
    return base64.urlsafe_b64encode(_digest(purpose, parts)[:18]).decode()


def digits(purpose: str, *parts: object) -> str:
    """A secret derived from the parts: 128 bits as 32 hex digits, where a wire format wants them so."""
    return _digest(purpose, parts)[:16].hex()


def fingerprint(purpose: str, *parts: object) -> str:
    """A keyed hash of the parts: 64 hex digits. Without the secret key nobody can make one."""
    return _digest(purpose, parts).hex()


def is_signed(signature: str, purpose: str, *parts: object) -> bool:
    """Whether the signature is that of the parts; compared in constant time."""
    return hmac.compare_digest(signature.encode(), sign(purpose, *parts).encode())


def _digest(purpose: str, parts: tuple[object, ...]) -> bytes:
    text = "\n".join((purpose, *map(str, parts)))
    return hmac.new(instance.part(_signing_key), text.encode(), hashlib.sha256).digest()
