"""What belongs to a media, in the dashboard: playback ids, tracks, files for download, the original file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from fastpix.errors import Missing
from fastpix.resources.media import domain, playback_ids, presentation, tracks
from fastpix.resources.media.forms import (
    KINDS,
    DownloadsForm,
    EditTrackForm,
    PlaybackIdForm,
    RestrictForm,
    SourceForm,
    TrackForm,
)
from fastpix.web.forms import EmptyForm
from fastpix.web.resource import Pages, go, show

pages = Pages("media_parts", __name__, "/media/<uuid:media_id>")


@pages.page(playback_ids.create, "GET POST", "/playback-ids/new")
def add_playback_id(media_id: UUID) -> Any:
    media = domain.get(media_id)
    form = PlaybackIdForm()
    if form.is_sent():
        with form.catching():
            playback_ids.create(media_id, form.policy.data, None, form.resolution.data or None)
            return _back(media_id, "A playback id was added.")
    return show("media/playback_id_new.html", form=form, **_of(media))


@pages.page(playback_ids.restrict_all, "GET POST", "/playback-ids/<uuid:playback_id>")
def restrict(media_id: UUID, playback_id: UUID) -> Any:
    media, row = domain.get(media_id), playback_ids.get(media_id, playback_id)
    form = RestrictForm()
    if request.method == "GET":
        form.fill(row["restrictions"])
    if form.is_sent():
        with form.catching():
            playback_ids.restrict_all(media_id, playback_id, {kind: form.rule(kind) for kind in KINDS})
            return _back(media_id, "The restrictions were saved.")
    return show("media/playback_id.html", form=form, row=presentation.playback(media, row), **_of(media))


@pages.page(playback_ids.delete, "GET POST", "/playback-ids/<uuid:playback_id>/delete")
def delete_playback_id(media_id: UUID, playback_id: UUID) -> Any:
    media, row = domain.get(media_id), playback_ids.get(media_id, playback_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            playback_ids.delete(media_id, playback_id)
            return _back(media_id, "The playback id was deleted. What plays under it stops within seconds.")
    return show("media/playback_id_delete.html", form=form, row=row, **_of(media))


@pages.page(tracks.create, "GET POST", "/tracks/new", takes_files=True)
def add_track(media_id: UUID) -> Any:
    file = request.files.get("file")
    # One byte more than is taken, so that a larger file is noticed.
    content = file.stream.read(tracks.LARGEST_SUBTITLES + 1) if file and file.filename else None
    media = domain.get(media_id)
    form = TrackForm()
    if form.is_sent():
        with form.catching():
            tracks.create(
                media_id,
                form.kind.data,
                form.language_code.data or "",
                form.language_name.data or "",
                url=form.url.data or "",
                title=form.title.data or "",
                file=content,
            )
            return _back(media_id, "The track is being prepared.")
    return show("media/track_new.html", form=form, **_of(media))


@pages.page(tracks.edit, "GET POST", "/tracks/<uuid:track_id>")
def edit_track(media_id: UUID, track_id: UUID) -> Any:
    media = domain.get(media_id)
    track = _track(media, track_id)
    form = EditTrackForm(data=track) if request.method == "GET" else EditTrackForm()
    if form.is_sent():
        with form.catching():
            address = form.url.data or ""
            tracks.edit(
                media_id,
                track_id,
                language_code=form.language_code.data,
                language_name=form.language_name.data,
                title=form.title.data,
                url=None if address == track["url"] else address,
            )
            return _back(media_id, "The track was saved.")
    return show("media/track.html", form=form, track=track, **_of(media))


@pages.page(tracks.delete, "GET POST", "/tracks/<uuid:track_id>/delete")
def delete_track(media_id: UUID, track_id: UUID) -> Any:
    media = domain.get(media_id)
    track = _track(media, track_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            tracks.delete(media_id, track_id)
            return _back(media_id, "The track was deleted.")
    return show("media/track_delete.html", form=form, track=track, **_of(media))


@pages.page(domain.set_mp4_support, "GET POST", "/downloads")
def downloads(media_id: UUID) -> Any:
    media = domain.get(media_id)
    form = DownloadsForm(data={"mp4": media["mp4_support"] or "none"}) if request.method == "GET" else DownloadsForm()
    if form.is_sent():
        with form.catching():
            if form.mp4.data != (media["mp4_support"] or "none"):
                domain.set_mp4_support(media_id, form.mp4.data)
            return _back(media_id, "The files for download were saved.")
    return show("media/downloads.html", form=form, **_of(media))


@pages.page(domain.set_source_access, "GET POST", "/source")
def source(media_id: UUID) -> Any:
    media = domain.get(media_id)
    form = SourceForm(data={"source": media["source_access"]}) if request.method == "GET" else SourceForm()
    if form.is_sent():
        with form.catching():
            domain.set_source_access(media_id, form.source.data)
            return _back(media_id, "Access to the original file was saved.")
    return show("media/source.html", form=form, **_of(media))


def _track(media: dict[str, Any], track_id: UUID) -> dict[str, Any]:
    """One of the media's added tracks. Raises `Missing`; the media's own picture and sound cannot be changed."""
    for track in media["tracks"]:
        if track["id"] == track_id and track["is_added"]:
            return dict(track)
    raise Missing("There is no such added track of this media.")


def _of(media: dict[str, Any]) -> dict[str, Any]:
    return {"media": media, "name": presentation.name(media)}


def _back(media_id: UUID, message: str) -> Any:
    return go("media.detail", message, media_id=media_id)
