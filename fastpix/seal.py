"""What the instance's secret key does: it seals what must wait in the database, and signs addresses that are proof."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_fernet: Fernet | None = None
_signing_key = b""


def configure(secret_key: str) -> None:
    """Derive the keys from the instance's secret key. Called by `fastpix.app`."""
    global _fernet, _signing_key
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"fastpix seal").derive(secret_key.encode())
    _fernet = Fernet(base64.urlsafe_b64encode(key))
    _signing_key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"fastpix sign").derive(secret_key.encode())


def seal(text: str) -> bytes:
    if _fernet is None:
        raise RuntimeError("seal.configure was not called")
    return _fernet.encrypt(text.encode())


def unseal(sealed: bytes) -> str | None:
    """The text again; None when it was sealed with another secret key."""
    if _fernet is None:
        raise RuntimeError("seal.configure was not called")
    try:
        return _fernet.decrypt(sealed).decode()
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
    if not _signing_key:
        raise RuntimeError("seal.configure was not called")
    text = "\n".join((purpose, *map(str, parts)))
    return hmac.new(_signing_key, text.encode(), hashlib.sha256).digest()
