"""What FastPix's API has and this server does not: said in words, never pretended."""

from __future__ import annotations

from uuid import UUID

from fastpix.access.action import action
from fastpix.errors import NotOffered
from fastpix.resources.media import domain

_NO_AI = "In-video AI is not offered by this server."


@action("media.edit")
def use_ai(media_id: UUID) -> None:
    """Summaries, chapters, named entities, moderation. Raises `NotOffered`; `Missing` for a media that is not here."""
    domain.load(media_id)
    raise NotOffered(_NO_AI)


@action("media.view")
def read_summary(media_id: UUID) -> None:
    """Raises `NotOffered`; `Missing` for a media that is not here."""
    domain.load(media_id)
    raise NotOffered(_NO_AI)


@action("media.view")
def drm() -> None:
    """Raises `NotOffered`."""
    raise NotOffered("DRM is not offered by this server. Use private playback with signing keys.")
