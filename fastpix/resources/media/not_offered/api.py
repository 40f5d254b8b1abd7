"""The operations of FastPix's API that this server does not offer: each answers 501 with what to do instead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media.not_offered import domain
from fastpix.web.api import Api

api = Api("not_offered", __name__, "Not offered")


@api.operation(domain.drm, "GET", "/on-demand/drm-configurations")
def list_drm() -> Any:
    """List DRM configurations: not offered, answers 501."""
    domain.drm()


@api.operation(domain.drm, "GET", "/on-demand/drm-configurations/<drmConfigurationId>")
def get_drm(**_ids: str) -> Any:
    """Get a DRM configuration: not offered, answers 501."""
    domain.drm()


@api.operation(domain.read_summary, "GET", "/on-demand/<mediaId>/summary")
def get_summary(media_id: UUID) -> Any:
    """Get a video's summary: not offered, answers 501."""
    domain.read_summary(media_id)


@api.operation(domain.use_ai, "PATCH", "/on-demand/<mediaId>/summary")
def summary(media_id: UUID) -> Any:
    """Summarize a video: not offered, answers 501."""
    domain.use_ai(media_id)


@api.operation(domain.use_ai, "PATCH", "/on-demand/<mediaId>/chapters")
def chapters(media_id: UUID) -> Any:
    """Find chapters: not offered, answers 501."""
    domain.use_ai(media_id)


@api.operation(domain.use_ai, "PATCH", "/on-demand/<mediaId>/named-entities")
def named_entities(media_id: UUID) -> Any:
    """Find named entities: not offered, answers 501."""
    domain.use_ai(media_id)


@api.operation(domain.use_ai, "PATCH", "/on-demand/<mediaId>/moderation")
def moderation(media_id: UUID) -> Any:
    """Moderate a video: not offered, answers 501."""
    domain.use_ai(media_id)
