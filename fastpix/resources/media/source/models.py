"""The typed row of a media's source. Its columns are the media's own."""

from __future__ import annotations

from typing import TypedDict

from fastpix.resources.media.tracks.models import TrackRow


class SourceRow(TypedDict):
    """`url` is for those alone who may change media; `tracks` are those of the file."""

    url: str | None
    container: str
    tracks: list[TrackRow]
