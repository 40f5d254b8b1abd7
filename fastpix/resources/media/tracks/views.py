"""The tracks of a media in the dashboard: add, edit, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import request

from fastpix.errors import Missing
from fastpix.resources.media import domain as media_domain
from fastpix.resources.media import presentation
from fastpix.resources.media.tracks import domain, rules
from fastpix.resources.media.tracks.forms import EditTrackForm, TrackForm
from fastpix.resources.media.views import parts as pages
from fastpix.web.confirm import confirm
from fastpix.web.pages import go, show

if TYPE_CHECKING:
    from fastpix.resources.media.models import MediaRow
    from fastpix.resources.media.tracks.models import TrackRow

__all__ = ["pages"]


@pages.page(domain.create, "GET POST", "/tracks/new", takes_files=True)
def add_track(media_id: UUID) -> Any:
    file = request.files.get("file")
    # One byte more than is taken, so that a larger file is noticed.
    content = file.stream.read(rules.LARGEST_SUBTITLES + 1) if file and file.filename else None
    media = media_domain.get(media_id)
    form = TrackForm()
    if form.is_sent():
        with form.catching():
            domain.create(
                media_id,
                form.kind.data,
                form.language_code.data or "",
                form.language_name.data or "",
                url=form.url.data or "",
                title=form.title.data or "",
                file=content,
            )
            return go("media.detail", "The track is being prepared.", media_id=media_id)
    return show("media/track_new.html", form=form, media=media, name=presentation.name(media))


@pages.page(domain.edit, "GET POST", "/tracks/<uuid:track_id>")
def edit_track(media_id: UUID, track_id: UUID) -> Any:
    media = media_domain.get(media_id)
    track = _track(media, track_id)
    form = EditTrackForm(data=track) if request.method == "GET" else EditTrackForm()
    if form.is_sent():
        with form.catching():
            address = form.url.data or ""
            domain.edit(
                media_id,
                track_id,
                language_code=form.language_code.data,
                language_name=form.language_name.data,
                title=form.title.data,
                url=None if address == track["url"] else address,
            )
            return go("media.detail", "The track was saved.", media_id=media_id)
    return show("media/track.html", form=form, track=track, media=media, name=presentation.name(media))


@pages.page(domain.retry, "POST", "/tracks/<uuid:track_id>/retry")
def retry_track(media_id: UUID, track_id: UUID) -> Any:
    domain.retry(media_id, track_id)
    return go("media.detail", "The track is prepared once more.", media_id=media_id)


@pages.page(domain.delete, "GET POST", "/tracks/<uuid:track_id>/delete")
def delete_track(media_id: UUID, track_id: UUID) -> Any:
    media = media_domain.get(media_id)
    track = _track(media, track_id)
    return confirm(
        "media/track_delete.html",
        lambda: domain.delete(media_id, track_id),
        "The track was deleted.",
        to="media.detail",
        address={"media_id": media_id},
        track=track,
        media=media,
        name=presentation.name(media),
    )


def _track(media: MediaRow, track_id: UUID) -> TrackRow:
    """One of the media's added tracks. Raises `Missing`; the media's own picture and sound cannot be changed."""
    for track in media["tracks"]:
        if track["id"] == track_id and track["is_added"]:
            return track
    raise Missing("There is no such added track of this media.")
