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
from fastpix.resources.media import announce, asked, domain, tracks
from fastpix.resources.media.asked import Asked
from fastpix.resources.media.models import CLIP, READY, RECORDING, URL, Media, PlaybackId
from fastpix.resources.workspaces import domain as workspaces

# How a create names a media of this server as its source; a clip is made of it.
OWN = "fastpix-media://"


@action("media.create")
def from_url(workspace_id: UUID, url: str, wanted: Asked) -> dict[str, Any]:
    """A media whose source the worker fetches from `url`. Raises `Invalid`.

    `fastpix-media://<media id>` makes a clip of a media of the same workspace, from `start_time` to `end_time`.
    """
    workspaces.check(workspace_id)
    wanted.check()
    if url.startswith(OWN):
        source = _source_of_clip(workspace_id, url.removeprefix(OWN))
        media = new(workspace_id, CLIP, wanted, source_media_id=source.id, source_name=source.source_name)
    else:
        url = asked.web_address("url", url)
        name = asked.file_name(unquote(urlsplit(url).path.rpartition("/")[2]))
        media = new(workspace_id, URL, wanted, source_url=url, source_name=name)
    domain.enqueue(media, "media.ingest")
    name = media.title or media.source_name
    describe("media", media.id, name, after={"source": media.source_kind}, workspace_id=workspace_id)
    announce.media(media, "media.created")
    return domain.get(media.id)


def new(workspace_id: UUID, source_kind: str, wanted: Asked, media_id: UUID | None = None, **source: Any) -> Media:
    """The rows of a new media: itself, its first playback id, the subtitles asked for. Not a verb."""
    names = ("creator_id", "media_quality", "max_resolution", "optimize_audio", "source_access", "mp4_support")
    media = Media(
        **({"id": media_id} if media_id else {}),
        workspace_id=workspace_id,
        source_kind=source_kind,
        title=wanted.title,
        metadata_=wanted.metadata,
        start_time=wanted.start_time,
        end_time=wanted.end_time,
        **{name: getattr(wanted, name) for name in names},
        **source,
    )
    domain.add(media)
    domain.note(media, "The media was created.")
    domain.plan_downloads(media)
    db.session.add(
        PlaybackId(
            media_id=media.id,
            workspace_id=workspace_id,
            access_policy=wanted.access_policy,
            restrictions=wanted.restrictions,
        )
    )
    for subtitle in wanted.subtitles:
        tracks.add(media, "subtitle", subtitle["url"], subtitle["languageCode"], subtitle["languageName"])
    db.session.flush()
    return media


def recorded(workspace_id: UUID, stream_id: str, wanted: Asked) -> Media:
    """The media of a broadcast; the worker puts its segments together. Not a verb: broadcasts end by themselves."""
    media = new(workspace_id, RECORDING, wanted.check(), stream_id=stream_id, source_name="recording.mp4")
    domain.enqueue(media, "media.ingest")
    announce.media(media, "media.created")
    return media


def _source_of_clip(workspace_id: UUID, text: str) -> Media:
    if not re.fullmatch(r"[0-9a-f-]{36}", text):
        raise Invalid("url", f"Write {OWN} and the id of a media of this workspace.")
    found = db.session.scalar(sa.select(Media).where(Media.id == UUID(text), Media.workspace_id == workspace_id))
    if found is None or found.status != READY:
        raise Invalid("url", "There is no media with this id here that is Ready.")
    return found
