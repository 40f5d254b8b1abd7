"""Events of tracks for webhooks: the object is the media, the data the track, and the media is another one now."""

from __future__ import annotations

from typing import Any

from fastpix.resources.media import events as media_events
from fastpix.resources.media.events import OBJECT, SHOWN_TO
from fastpix.resources.media.models import Media
from fastpix.resources.media.tracks import queries, schemas
from fastpix.resources.media.tracks.models import Track
from fastpix.resources.webhooks import events


def track(media: Media, track: Track, name: str) -> None:
    """Tell of what happened to a track of a media, such as "ready", in the running transaction.

    Subtitles that were made here are ready by another name (docs/fastpix-contract.md, section 3.4).
    """

    def data() -> dict[str, Any]:
        shown = events.as_shown(SHOWN_TO, schemas.TrackOut, lambda: schemas.as_told(queries.as_dict(track)))
        return shown | {"mediaId": str(media.id)}

    kind = "subtitle.generated" if track.is_generated and name == "ready" else "track"
    events.emit(f"video.media.{kind}.{name}", OBJECT, media.id, track.status, data, media.workspace_id)
    media_events.media(media, "media.updated")
