"""A media's source as people may know it: what it is, and, where allowed, an address that gives the original file."""

from __future__ import annotations

import time
from uuid import UUID

import sqlalchemy as sa

from fastpix import urls
from fastpix.access import principal, tenancy
from fastpix.access.action import action
from fastpix.crypto import seal
from fastpix.db import db
from fastpix.resources.media import domain, events
from fastpix.resources.media.models import Media, MediaRow
from fastpix.resources.media.source.models import SourceRow

LIFE = 3600
PURPOSE = "source"


@action("media.edit")
def set_access(media_id: UUID, is_on: bool) -> MediaRow:
    """Whether the original file may be downloaded by those who may see where it came from. Raises `Missing`."""
    media = domain.load(media_id)
    before = domain.values(media)
    was_on, media.source_access = media.source_access, is_on
    domain.changed(media, before)
    if was_on != is_on:
        events.media(media, "media.source.ready" if is_on else "media.source.deleted")
    return domain.get(media_id)


@action("media.view")
def get(media_id: UUID) -> SourceRow:
    """What is known of it; `url` only for those who may change media. Raises `Missing`.

    It is an address of ours, good for an hour, where source access is on; else a plain reference
    (docs/fastpix-contract.md, section 10, D20).
    """
    media = domain.get(media_id)
    url = address(media_id) if media["source_access"] else media["source_url"] or media["source_name"]
    own = [track for track in media["tracks"] if not track["is_added"]]
    return {
        "url": url if principal.may("media.edit") else None,
        "container": media["container"],
        "tracks": own,
    }


def address(media_id: UUID) -> str:
    """An address of the original file for whoever has it, good for an hour."""
    until = int(time.time()) + LIFE
    return urls.to(f"/source/{media_id}?until={until}&signature={seal.sign(PURPOSE, media_id, until)}")


def find(media_id: UUID, until: int, signature: str) -> tuple[str, str] | None:
    """Storage key and file name behind an address; None unless it is ours, not over, and source access still on."""
    if not seal.is_signed(signature, PURPOSE, media_id, until) or time.time() >= until:
        return None
    with tenancy.everywhere("who fetches an original is known by the signed address alone"):
        media = db.session.scalar(sa.select(Media).where(Media.id == media_id))
    if media is None or not media.source_access or not media.source_size:
        return None
    return media.source_key, media.source_name
