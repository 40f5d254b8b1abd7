"""Tokens of private playback: RS256 JWTs, checked with the public half of a signing key of the same workspace.

See docs/fastpix-contract.md, section 8.5. `iss` and `sub` are not looked at: the official sources disagree on them.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import RSAKey

from fastpix.db import db
from fastpix.delivery import lookup, signing_key_use
from fastpix.delivery.errors import Ended, NotAuthorized
from fastpix.delivery.ttl_cache import TtlCache
from fastpix.resources.media import playback

# Real ones have about 700 characters.
LONGEST = 4096
LEEWAY_SECONDS = 5
ALGORITHMS = ["RS256"]
CHECKED = ("exp", "nbf", "aud")


def _registry() -> jws.JWSRegistry:
    """Parameters of the header that nobody knows are ignored, as RFC 7515, section 4, says; certificates are long."""
    registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    registry.max_header_length = LONGEST
    return registry


_REGISTRY = _registry()


@dataclass(frozen=True)
class VerifiedToken:
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
_keys: TtlCache[tuple[UUID, UUID], RSAKey | None] = TtlCache(_load, seconds=lookup.SECONDS, most=lookup.MOST)


def clock() -> float:
    """Unix time. Tests put another clock in its place."""
    return time.time()


def verify(token: str, playable: lookup.AnyPlayable) -> VerifiedToken:
    """What the token proves about this playback id. Raises `NotAuthorized` for whatever is wrong with it, as `Ended` where
    that is its end alone."""
    if not 0 < len(token) <= LONGEST:
        raise NotAuthorized
    try:
        return _verified(token, playable)
    except (JoseError, ValueError, TypeError, RecursionError):  # the last: JSON nested a thousand deep
        raise NotAuthorized from None


def is_in_force(key_id: str, workspace_id: UUID) -> bool:
    """Whether the key of a signed address still exists in that workspace."""
    return lookup.ID.fullmatch(key_id) is not None and _keys.get((UUID(key_id), workspace_id)) is not None


def _verified(token: str, playable: lookup.AnyPlayable) -> VerifiedToken:
    compact = jws.extract_compact(token.encode("ascii"), registry=_REGISTRY)
    headers = compact.headers()
    if headers.get("alg") not in ALGORITHMS or "crit" in headers:  # what must be understood is not, here
        raise NotAuthorized
    key_id = headers.get("kid")
    if key_id is None:
        key_id = _claims(compact.payload).get("kid")
    if not isinstance(key_id, str) or not lookup.ID.fullmatch(key_id):
        raise NotAuthorized
    key = _keys.get((UUID(key_id), playable.workspace_id))
    if key is None:
        raise NotAuthorized
    claims = jwt.decode(token, key, algorithms=ALGORITHMS, registry=_REGISTRY).claims
    audience: jwt.ClaimsOption = {"essential": True, "values": [f"media:{playable.playback_id}"]}
    rules = jwt.JWTClaimsRegistry(int(clock()), LEEWAY_SECONDS, exp={"essential": True}, aud=audience)
    checked = {name: claims[name] for name in CHECKED if name in claims}
    try:
        rules.validate(checked)
    except ExpiredTokenError:
        jwt.JWTClaimsRegistry(int(clock()), LEEWAY_SECONDS, aud=audience).validate({**checked, "exp": int(clock()) + 1})
        raise Ended from None
    signing_key_use.note(UUID(key_id))
    return VerifiedToken(key_id, int(claims["exp"]))


def _claims(payload: bytes | None) -> dict[str, object]:
    claims = json.loads(payload or b"")
    return claims if isinstance(claims, dict) else {}
