"""Files for download: which ones a media has, and what became of those that were made."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastpix.access.action import action
from fastpix.db import now
from fastpix.errors import WrongState
from fastpix.resources.media import domain, events, lifecycle
from fastpix.resources.media.downloads.rules import MP4_SUPPORT, READY
from fastpix.resources.media.models import Download, MediaRow
from fastpix.resources.playback_ids import rules


@action("media.edit")
def set_mp4_support(media_id: UUID, support: str) -> MediaRow:
    """Which files viewers may download: none, capped_4k, audioOnly, or "audioOnly,capped_4k".

    Raises `Missing`, `Invalid`, `WrongState` for what is set already (the contract answers 400).
    """
    media = domain.load(media_id)
    mp4_support = rules.choose("mp4Support", support, MP4_SUPPORT)
    if (media.mp4_support or "none") == mp4_support:
        raise WrongState(f"MP4 support is {mp4_support} already.")
    before = domain.values(media)
    media.mp4_support = "" if mp4_support == "none" else mp4_support
    lifecycle.plan_downloads(media)
    domain.changed(media, before)
    return domain.get(media_id)


def finished(media_id: UUID, files: Mapping[str, Download]) -> None:
    """Files that are ready (or failed) now, by name; those not wanted any more are left out. For the job."""
    media = lifecycle.load(media_id)
    stored = {name: file for name, file in files.items() if name in media.downloads}
    media.downloads = {**media.downloads, **stored}
    media.size += sum(file.get("size", 0) for file in files.values())
    media.updated_at = now()
    if any(file["status"] == READY for file in stored.values()):
        events.media(media, "media.mp4Support.ready", "media.updated")
