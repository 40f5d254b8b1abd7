"""Signed addresses of what plays: good for a while, for those who proved that they may watch."""

from __future__ import annotations

import time
from typing import Protocol
from uuid import UUID

from fastpix import urls
from fastpix.crypto import seal

PURPOSE = "stream"
# The key id of addresses that the dashboard makes for its own pages; no signing key has such a name.
PREVIEW, PREVIEW_SECONDS = "preview", 4 * 3600


class Signable(Protocol):
    """What addresses can be signed for: media and live streams alike. Another `generation` kills those that are out."""

    @property
    def playback_id(self) -> UUID: ...

    @property
    def generation(self) -> str: ...


def preview_prefix(playable: Signable) -> str:
    """Where the dashboard's pages find all of a media for three to four hours: add `/master.m3u8`,
    `/<version>/poster.jpg` or `/<version>/sprite.vtt`. Restrictions to sites and programs do not count there; what is
    private needs a session of somebody who may see it, besides (`delivery.authorization`)."""
    # Whole hours: within one, the address stays the same and the browser's cache works.
    expires = (int(time.time()) + PREVIEW_SECONDS) // 3600 * 3600
    return urls.stream(signed(playable, expires, PREVIEW))


def signed(playable: Signable, expires: int, key_id: str) -> str:
    """The prefix of all addresses of a private media, good until `expires` (seconds of the epoch); see `delivery.signed_urls`."""
    signature = seal.sign(PURPOSE, playable.playback_id, playable.generation, expires, key_id)
    return f"m/{expires}/{key_id}/{signature}/{playable.playback_id}"
