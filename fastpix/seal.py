"""Encryption at rest for what must wait in the database and holds a secret: mails not sent yet, answers kept to repeat."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_fernet: Fernet | None = None


def configure(secret_key: str) -> None:
    """Derive the sealing key from the instance's secret key. Called by `fastpix.app`."""
    global _fernet
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"fastpix seal").derive(secret_key.encode())
    _fernet = Fernet(base64.urlsafe_b64encode(key))


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
