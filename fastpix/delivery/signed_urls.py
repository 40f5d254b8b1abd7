"""The signed addresses that open a private media's playlists and segments. (Plain addresses are made by `fastpix.urls`.)

A signed prefix is `m/<expires>/<key id>/<signature>/<playback id>`. Playlists name their parts relatively, so these
inherit it and are stored files; the master names it relatively too, so that it works below `/stream` and at the root of
a host of its own. The signature covers the media's `generation`: another one kills every address that is out.
"""

from __future__ import annotations

import re

from fastpix.crypto import seal
from fastpix.delivery import playback_tokens
from fastpix.delivery.lookup import AnyPlayable
from fastpix.resources.playback_ids import signed_urls

LONGEST_SECONDS = 24 * 3600
_EXPIRES = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


def public(playable: AnyPlayable) -> str:
    """The prefix of public media: the same for everybody, so that caches may keep what lies under it."""
    return f"m/0/-/-/{playable.playback_id}"


def proved(playable: AnyPlayable, proof: playback_tokens.VerifiedToken) -> str:
    """The prefix for whoever showed a token: it ends with the token, and at the latest in 24 hours."""
    return signed_urls.signed(
        playable, min(proof.expires, int(playback_tokens.clock()) + LONGEST_SECONDS), proof.key_id
    )


def is_valid(playable: AnyPlayable, expires: str, key_id: str, signature: str) -> bool:
    """Whether the parts of a prefix are ours, have not ended, and their signing key still exists."""
    if not _EXPIRES.fullmatch(expires) or int(expires) <= playback_tokens.clock():
        return False
    if not seal.is_signed(signature, signed_urls.PURPOSE, playable.playback_id, playable.generation, expires, key_id):
        return False
    return key_id == signed_urls.PREVIEW or playback_tokens.is_in_force(key_id, playable.workspace_id)
