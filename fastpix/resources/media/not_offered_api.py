"""The operations of FastPix's API that this server does not offer: each answers 501 with what to do instead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media import not_offered
from fastpix.web.api import Api

api = Api("not_offered", __name__, "Not offered")


@api.operation(not_offered.drm, "GET", "/on-demand/drm-configurations")
def list_drm() -> Any:
    """List DRM configurations: not offered, answers 501."""
    not_offered.drm()


@api.operation(not_offered.use_ai, "PATCH", "/on-demand/<mediaId>/summary")
def summary(media_id: UUID) -> Any:
    """Summarize a video: not offered, answers 501."""
    not_offered.use_ai(media_id)


@api.operation(not_offered.use_ai, "PATCH", "/on-demand/<mediaId>/chapters")
def chapters(media_id: UUID) -> Any:
    """Find chapters: not offered, answers 501."""
    not_offered.use_ai(media_id)


@api.operation(not_offered.use_ai, "PATCH", "/on-demand/<mediaId>/named-entities")
def named_entities(media_id: UUID) -> Any:
    """Find named entities: not offered, answers 501."""
    not_offered.use_ai(media_id)


@api.operation(not_offered.use_ai, "PATCH", "/on-demand/<mediaId>/moderation")
def moderation(media_id: UUID) -> Any:
    """Moderate a video: not offered, answers 501."""
    not_offered.use_ai(media_id)
