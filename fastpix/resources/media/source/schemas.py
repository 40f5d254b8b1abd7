"""What the API takes and tells of a media's source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastpix.resources.media.schemas import Flag
from fastpix.resources.media.tracks import schemas as tracks
from fastpix.web.api import Answer, Sparse, Wire

if TYPE_CHECKING:
    from fastpix.resources.media.source.models import SourceRow


class SourceAccessIn(Wire):
    source_access: Flag


class InputConfiguration(Sparse):
    url: str | None = None


class InputFile(Answer):
    container_format: str
    tracks: list[tracks.TrackOut]


class InputInfo(Sparse):
    configuration: InputConfiguration
    file: InputFile


def as_wire(row: SourceRow) -> dict[str, Any]:
    """The source as the wire has it."""
    file = {"container_format": row["container"], "tracks": [tracks.as_wire(each) for each in row["tracks"]]}
    return {"configuration": {"url": row["url"]}, "file": file}
