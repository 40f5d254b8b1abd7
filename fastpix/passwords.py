"""Passwords: argon2id, the rules for a new one, and a check that costs the same whether or not the account exists."""

from __future__ import annotations

import os
import threading

import argon2

from fastpix.errors import Invalid

SHORTEST = 10
LONGEST = 200

# No more at once than there are cores: a storm of sign-ins waits its turn, instead of taking 64 MiB for each of hundreds
# and the processor from everybody who only wants a page.
_turns = threading.BoundedSemaphore(os.cpu_count() or 1)
_hasher = argon2.PasswordHasher()
_nobody = ""


def configure(memory_kib: int) -> None:
    """Set the memory of one check. Under 1 MiB (tests) one pass over it is enough."""
    global _hasher, _nobody
    small = memory_kib < 1024
    _hasher = argon2.PasswordHasher(memory_cost=memory_kib, time_cost=1 if small else 3, parallelism=1 if small else 4)
    _nobody = ""


def check_rules(password: str, *, email: str = "", field: str = "password") -> None:
    """Raise `Invalid` unless the password may be used. Length is what counts; no puzzles."""
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
        return _hasher.hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether the password is the stored one. With nothing stored a check is made all the same: equal time, False."""
    try:
        with _turns:
            return _hasher.verify(stored or _hash_of_nobody(), password[:LONGEST]) and bool(stored)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether the stored hash was made with other settings and should be made anew at this sign-in."""
    return _hasher.check_needs_rehash(stored)


def _hash_of_nobody() -> str:
    global _nobody
    if not _nobody:
        _nobody = _hasher.hash("nobody has this password")
    return _nobody
