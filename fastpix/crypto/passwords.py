"""Passwords: argon2id, the rules for a new one, and a check that costs the same whether or not the account exists.

They are hashed in one form of Unicode (NFKC), as NIST SP 800-63B, section 3.1.1.2, has it: keyboards and systems differ in how
they write the same letters. Hashes from before that, of whatever was typed, are still known, and made anew at sign-in.
"""

from __future__ import annotations

import os
import threading
import unicodedata

import argon2

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.errors import Invalid

SHORTEST = 10
LONGEST = 200

# No more at once than there are cores: a storm of sign-ins waits its turn, instead of taking 64 MiB for each of hundreds
# and the processor from everybody who only wants a page.
_turns = threading.BoundedSemaphore(os.cpu_count() or 1)


def _hasher(settings: Settings) -> argon2.PasswordHasher:
    """Under 1 MiB for a check (tests) one pass over it is enough."""
    memory_kib = settings.password_memory_kib
    small = memory_kib < 1024
    return argon2.PasswordHasher(memory_cost=memory_kib, time_cost=1 if small else 3, parallelism=1 if small else 4)


def _hash_of_nobody(_settings: Settings) -> str:
    return instance.part(_hasher).hash("nobody has this password")


def check_rules(password: str, *, email: str = "", field: str = "password") -> None:
    """Raise `Invalid` unless the password may be used. Length is what counts; no puzzles."""
    password = _normal(password)
    if len(password) < SHORTEST:
        raise Invalid(field, f"Use at least {SHORTEST} characters. A few words in a row are easy to remember.")
    if len(password) > LONGEST:
        raise Invalid(field, f"Use at most {LONGEST} characters.")
    if email and password.lower() in (email.lower(), email.lower().partition("@")[0]):
        raise Invalid(field, "Do not use the e-mail address as the password.")
    if len(set(password)) < 4:
        raise Invalid(field, "Use more than three different characters.")


def hashed(password: str) -> str:
    with _turns:
        return instance.part(_hasher).hash(_normal(password))


def matches(stored: str, password: str) -> bool:
    """Whether the password is the stored one. With nothing stored a check is made all the same: equal time, False."""
    some_hash = stored or instance.part(_hash_of_nobody)
    return any(_is(some_hash, spelling) for spelling in _spellings(password[: LONGEST * 4])) and bool(stored)


def is_outdated(stored: str, password: str) -> bool:
    """Whether the stored hash of this password was made with other settings, or of another spelling: to be made anew."""
    if instance.part(_hasher).check_needs_rehash(stored):
        return True
    return not password.isascii() and not _is(stored, _normal(password[: LONGEST * 4]))


def _is(stored: str, password: str) -> bool:
    try:
        with _turns:
            return instance.part(_hasher).verify(stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _spellings(password: str) -> list[str]:
    """How it may have been hashed: as it is now, and before that as somebody typed it, on this system or another."""
    forms = (
        _normal(password),
        password,
        unicodedata.normalize("NFC", password),
        unicodedata.normalize("NFD", password),
    )
    return list(dict.fromkeys(forms))
