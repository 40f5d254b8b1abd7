"""Random secrets and what is stored of them."""

from __future__ import annotations

import hashlib
import re
import secrets


def new(prefix: str = "") -> str:
    """A secret of 32 random bytes as URL-safe text, after a prefix that secret scanners can recognize."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 of a secret, in hex: what the database keeps and looks up. Enough, since the secret is 256 bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def beginning(text: str) -> str:
    """The text up to the first letter that no secret has."""
    return re.match(r"[A-Za-z0-9_-]*", text.strip())[0]  # type: ignore[index]  # it matches everything


def is_one(text: str) -> bool:
    """Whether the text has the form of a secret without prefix."""
    return re.fullmatch(r"[A-Za-z0-9_-]{43}", text) is not None
