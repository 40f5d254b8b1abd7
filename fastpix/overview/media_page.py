"""The page of a media: beside the media itself the live stream that it was recorded from, and how often it was watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastpix.access import principal
from fastpix.errors import Missing
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.media import domain, playback, presentation
from fastpix.resources.media.lifecycle import FAILED, READY
from fastpix.resources.media.source import domain as source
from fastpix.resources.media.views import may_do
from fastpix.resources.media.views import pages as media_pages
from fastpix.resources.playback_ids import presentation as playback_ids
from fastpix.resources.usage import queries as usage
from fastpix.resources.workspaces import domain as workspaces
from fastpix.video import speech
from fastpix.web import charts
from fastpix.web.pages import show

if TYPE_CHECKING:
    from fastpix.resources.media.models import MediaRow

WATCHED_DAYS = 30


@media_pages.page(domain.get, "GET", "/<uuid:media_id>")
def detail(media_id: UUID) -> Any:
    media = domain.get(media_id)
    may = may_do()
    playable = playback.first_of([media_id]).get(media_id)
    player = presentation.player(media, playable)
    played = presentation.played(media)
    return show(
        "media/detail.html",
        media=media,
        name=presentation.name(media),
        state=presentation.state(media),
        player=player,
        captions_urls={each["id"]: each["src"] for each in player["captions"]} if player else {},
        may_caption=media["has_sound"] and not speech.missing(),
        playback_ids=[playback_ids.shown(row, played) for row in media["playback_ids"]],
        privacy=_privacy(media),
        log=domain.log(media_id),
        facts=presentation.facts(media),
        stream=_stream(media),
        source_url=source.get(media_id)["url"] if may["edit"] and media["source_access"] else None,
        is_done=media["status"] in (READY, FAILED),
        changing_parts=presentation.changing_parts(media),
        watched=_watched(media_id),
        workspace=workspaces.choices().get(str(media["workspace_id"]), ""),
        may=may,
        may_sign=principal.may("signing_keys.view"),
        shown_size=presentation.size,
    )


def _privacy(media: MediaRow) -> str:
    """Who can watch it: whoever has an address is enough to be public; empty where nobody can."""
    policies = {row["access_policy"] for row in media["playback_ids"]}
    return "public" if "public" in policies else "private" if policies else ""


def _stream(media: MediaRow) -> Any:
    """The live stream it was recorded from; None for others, and where the stream is gone or not for this person."""
    if not media["stream_id"] or not principal.may("live_streams.view"):
        return None
    try:
        return live_streams.get(media["stream_id"])
    except Missing:
        return None


def _watched(media_id: UUID) -> dict[str, Any]:
    """How often it was watched in the last days: the chart, and its sums in words."""
    days = usage.of_media(media_id, WATCHED_DAYS)
    return {
        "chart": charts.added("watched", "Views", [(one.day, one.views) for one in days], charts.VIEWS),
        "views": charts.VIEWS.tell(sum(one.views for one in days)),
        "minutes": charts.MINUTES.tell(sum(one.seconds for one in days)),
        "days": WATCHED_DAYS,
    }
