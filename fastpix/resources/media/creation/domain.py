"""A new media from an address on the web, or as a clip of a media that is here."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Invalid
from fastpix.resources.media import domain, events, lifecycle, options
from fastpix.resources.media.models import CLIP, READY, RECORDING, URL, Media, MediaRow
from fastpix.resources.media.options import Options
from fastpix.resources.media.tracks import domain as tracks
from fastpix.resources.playback_ids import domain as playback_ids
from fastpix.resources.playback_ids.models import PlaybackId
from fastpix.resources.workspaces import domain as workspaces

# How a create names a media of this server as its source; a clip is made of it.
OWN = "fastpix-media://"


@action("media.create")
def from_url(workspace_id: UUID, url: str, settings: Options) -> MediaRow:
    """A media whose source the worker fetches from `url`. Raises `Invalid`.

    `fastpix-media://<media id>` makes a clip of a media of the same workspace, from `start_time` to `end_time`.
    """
    workspaces.check(workspace_id)
    settings.check()
    if url.startswith(OWN):
        source = _source_of_clip(workspace_id, url.removeprefix(OWN))
        media = new(workspace_id, CLIP, settings, source_media_id=source.id, source_name=source.source_name)
    else:
        url = options.web_address("url", url)
        name = options.file_name(unquote(urlsplit(url).path.rpartition("/")[2]))
        media = new(workspace_id, URL, settings, source_url=url, source_name=name)
    lifecycle.enqueue(media, "media.ingest")
    name = media.title or media.source_name
    describe("media", media.id, name, after={"source": media.source_kind}, workspace_id=workspace_id)
    events.media(media, "media.created")
    return domain.get(media.id)


def new(workspace_id: UUID, source_kind: str, settings: Options, media_id: UUID | None = None, **source: Any) -> Media:
    """The rows of a new media: itself, its first playback id, the subtitles asked for. Not a verb."""
    names = ("creator_id", "media_quality", "max_resolution", "optimize_audio", "source_access", "mp4_support")
    media = Media(
        **({"id": media_id} if media_id else {}),
        workspace_id=workspace_id,
        source_kind=source_kind,
        title=settings.title,
        metadata_=settings.metadata,
        start_time=settings.start_time,
        end_time=settings.end_time,
        **{name: getattr(settings, name) for name in names},
        **source,
    )
    domain.add(media)
    lifecycle.note(media, "The media was created.")
    lifecycle.plan_downloads(media)
    playback_ids.add(
        PlaybackId(media_id=media.id, workspace_id=workspace_id), settings.access_policy, settings.restrictions
    )
    for subtitle in settings.subtitles:
        tracks.add(media, "subtitle", subtitle["url"], subtitle["languageCode"], subtitle["languageName"])
    if settings.captions:
        tracks.add_captions(media, settings.captions["languageCode"], settings.captions["languageName"])
    db.session.flush()
    return media


def recorded(workspace_id: UUID, stream_id: str, settings: Options) -> Media:
    """The media of a broadcast; the worker puts its segments together. Not a verb: broadcasts end by themselves."""
    media = new(workspace_id, RECORDING, settings.check(), stream_id=stream_id, source_name="recording.mp4")
    lifecycle.enqueue(media, "media.ingest")
    events.media(media, "media.created")
    return media


def _source_of_clip(workspace_id: UUID, text: str) -> Media:
    if not re.fullmatch(r"[0-9a-f-]{36}", text):
        raise Invalid("url", f"Write {OWN} and the id of a media of this workspace.")
    source = db.session.scalar(sa.select(Media).where(Media.id == UUID(text), Media.workspace_id == workspace_id))
    if source is None or source.status != READY:
        raise Invalid("url", "There is no media with this id here that is Ready.")
    return source
