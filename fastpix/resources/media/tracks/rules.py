"""How many tracks a media may have, and how large one may be (docs/fastpix-contract.md, section 3.4)."""

from __future__ import annotations

from fastpix.resources.media.tracks.models import AVAILABLE, PREPARING

__all__ = ["AVAILABLE", "PREPARING"]

MOST = 50
LARGEST_SUBTITLES = 5 << 20
