"""The page on which the captions of a track are changed, beside the film."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix.errors import Refused
from fastpix.resources.media import domain as media_domain
from fastpix.resources.media import playback, presentation
from fastpix.resources.media.cues import domain, rules
from fastpix.resources.media.cues.forms import CuesForm
from fastpix.resources.media.tracks.rules import AVAILABLE
from fastpix.resources.media.views import parts as pages
from fastpix.web.pages import go, show

__all__ = ["pages"]


@pages.page(domain.save, "GET POST", "/tracks/<uuid:track_id>/captions")
def edit_cues(media_id: UUID, track_id: UUID) -> Any:
    media = media_domain.get(media_id)
    track, cues = domain.read(media_id, track_id)
    if request.method == "GET" and track["status"] != AVAILABLE:
        raise Refused(domain.NOT_THERE)
    stretches = rules.stretches(cues)
    since = request.args.get("since", 0.0, type=float)
    here = max((at for at, each in enumerate(stretches) if each.since <= since), default=0)
    form = CuesForm(stretch=stretches[here])
    asks_for_row = request.method == "POST" and "add" in request.form
    if asks_for_row:
        form.add()
    if form.is_sent():
        with form.catching():
            domain.save(media_id, track_id, form.version.data or "", form.stretch, form.cues())
            place: dict[str, Any] = {"since": f"{since:g}"} if here else {}
            return go(".edit_cues", "The captions were saved.", media_id=media_id, track_id=track_id, **place)
    if request.method == "GET" or domain.OVERTAKEN in form.form_errors:  # who sends it again knows of the others'
        form.version.data = domain.read(media_id, track_id)[0]["version"]
    player = presentation.player(media, playback.first_of([media_id]).get(media_id))
    address: dict[str, Any] = {"media_id": media_id, "track_id": track_id}
    addresses = [url_for(".edit_cues", since=f"{each.since:.3f}", **address) for each in stretches]
    return show(
        "media/cues.html",
        200 if asks_for_row else None,
        form=form,
        media=media,
        name=presentation.name(media),
        track=track,
        player=player,
        download=next((each["src"] for each in player["captions"] if each["id"] == track_id), "") if player else "",
        total=len(cues),
        shown=len(stretches[here].cues),
        back_url=addresses[here - 1] if here else None,
        on_url=addresses[here + 1] if here + 1 < len(addresses) else None,
    )
