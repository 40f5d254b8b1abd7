"""Tokens of private playback: RS256 JWTs, checked with the public half of a signing key of the same workspace.

Contract section 8, "JWT for private playback". `iss` and `sub` are not looked at: the official sources disagree on them.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from fastpix.db import db
from fastpix.delivery import key_use, known
from fastpix.delivery.kept import Kept
from fastpix.delivery.refusals import Unproved
from fastpix.resources.media import playback

# Real ones have about 700 characters.
LONGEST = 4096
LEEWAY_SECONDS = 5
ALGORITHMS = ["RS256"]
CHECKED = ("exp", "nbf", "aud")


@dataclass(frozen=True)
class Proof:
    """A token that holds: the id of the key that signed it, and when it ends (Unix time)."""

    key_id: str
    expires: int


def _load(key: tuple[UUID, UUID]) -> RSAKey | None:
    try:
        pem = playback.signing_key(*key)
    finally:
        db.session.rollback()
    return RSAKey.import_key(pem) if pem else None


# Four seconds: a key that is deleted must stop within five, in every process.
_keys: Kept[tuple[UUID, UUID], RSAKey | None] = Kept(_load, seconds=known.SECONDS, most=known.MOST)


def clock() -> float:
    """Unix time. Tests put another clock in its place."""
    return time.time()


def verify(token: str, playable: known.Found) -> Proof:
    """What the token proves about this playback id. Raises `Unproved` for whatever is wrong with it."""
    if not 0 < len(token) <= LONGEST:
        raise Unproved
    try:
        return _verified(token, playable)
    except (JoseError, ValueError, TypeError, RecursionError):  # the last: JSON nested a thousand deep
        raise Unproved from None


def is_in_force(key_id: str, workspace_id: UUID) -> bool:
    """Whether the key of a signed address still exists in that workspace."""
    return known.ID.fullmatch(key_id) is not None and _keys.get((UUID(key_id), workspace_id)) is not None


def forget() -> None:
    """Forget everything. Called when the application is configured."""
    _keys.clear()


def _verified(token: str, playable: known.Found) -> Proof:
    unproved = jws.extract_compact(token.encode("ascii"))
    headers = unproved.headers()
    if headers.get("alg") not in ALGORITHMS:
        raise Unproved
    key_id = headers.get("kid")
    if key_id is None:
        key_id = _claims(unproved.payload).get("kid")
    if not isinstance(key_id, str) or not known.ID.fullmatch(key_id):
        raise Unproved
    key = _keys.get((UUID(key_id), playable.workspace_id))
    if key is None:
        raise Unproved
    claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
    audience: jwt.ClaimsOption = {"essential": True, "values": [f"media:{playable.playback_id}"]}
    rules = jwt.JWTClaimsRegistry(int(clock()), LEEWAY_SECONDS, exp={"essential": True}, aud=audience)
    rules.validate({name: claims[name] for name in CHECKED if name in claims})
    key_use.note(UUID(key_id))
    return Proof(key_id, int(claims["exp"]))


def _claims(payload: bytes | None) -> dict[str, Any]:
    found = json.loads(payload or b"")
    return found if isinstance(found, dict) else {}
