"""The playback ids of a media in the dashboard."""

from __future__ import annotations

from uuid import UUID

from fastpix.resources.media import domain as media
from fastpix.resources.media import presentation
from fastpix.resources.media.playback_ids import domain
from fastpix.resources.media.views import parts as pages
from fastpix.resources.playback_ids import views as shared
from fastpix.resources.playback_ids.forms import PolicyAndResolutionForm

__all__ = ["pages"]


def _owner(media_id: UUID) -> shared.Owner:
    row = media.get(media_id)
    return shared.Owner(
        noun="media",
        name=presentation.name(row),
        page="media.detail",
        address={"media_id": media_id},
        playback_ids=row["playback_ids"],
        missing="There is no such playback id of this media.",
        is_id_in_subtitle=True,
    )


shared.register(pages, domain, _owner, PolicyAndResolutionForm)
