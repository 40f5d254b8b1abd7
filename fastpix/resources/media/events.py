"""Events of media for webhooks: the media as the API shows it to those who may only look."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.media import queries, schemas
from fastpix.resources.media.models import Media
from fastpix.resources.webhooks import events

# Where a file came from, and what lets one send one, goes to nobody outside.
SHOWN_TO = "media.view"
OBJECT = "media"


def media(media: Media, *names: str) -> None:
    """Tell of what happened to a media, such as "updated", in the running transaction."""
    for name in names:
        events.emit(f"video.{name}", OBJECT, media.id, media.status, lambda: _shown(media.id), media.workspace_id)


def _shown(media_id: UUID) -> dict[str, Any]:
    return events.as_shown(SHOWN_TO, schemas.MediaOut, lambda: schemas.as_told(queries.whole([media_id])[media_id]))
