"""The playback ids of a live stream in the dashboard."""

from __future__ import annotations

from fastpix.resources.live_streams.playback_ids import domain
from fastpix.resources.live_streams.views import get_or_404
from fastpix.resources.live_streams.views import parts as pages
from fastpix.resources.playback_ids import views as shared
from fastpix.resources.playback_ids.forms import PolicyForm

__all__ = ["pages"]


def _owner(stream_id: str) -> shared.Owner:
    stream = get_or_404(stream_id)
    return shared.Owner(
        noun="stream",
        name=stream["name"],
        page="live_streams.detail",
        address={"stream_id": stream_id},
        playback_ids=stream["playback_ids"],
        missing="There is no such thing of this live stream.",
        is_id_in_subtitle=False,
    )


shared.register(pages, domain, _owner, PolicyForm)
