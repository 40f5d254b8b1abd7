"""What the API takes and tells of media, as FastPix's clients parse it (docs/fastpix-contract.md, sections 2 and 3)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, Strict

from fastpix import urls
from fastpix.resources.media.downloads import schemas as downloads
from fastpix.resources.media.tracks import schemas as tracks
from fastpix.resources.media.tracks.rules import AVAILABLE
from fastpix.resources.playback_ids.schemas import PlaybackIdOut, playback_id
from fastpix.web import clients
from fastpix.web.api import Answer, Moment, Paging, Sparse, Wire

if TYPE_CHECKING:
    from fastpix.resources.media.models import MediaRow

Flag = Annotated[bool, Strict()]
LISTED_SIDES = frozenset({"360", "480", "720", "1080", "1440", "2160"})
# Up to which version a client knows the sizes with a "p" only, which FastPix's service no longer sends.
READ_WITH_P: dict[str, tuple[int, int, int]] = {"php": (0, 0, 1), "ruby": (0, 0, 1)}


Status = Literal["", "Created", "Downloading", "Downloaded", "Validating", "In Queue", "Processing", "Ready", "Failed"]


class MediaPaging(Paging):
    order_by: Literal["asc", "desc"] = Field(default="desc", description="The direction of the order.")


class MediaQuery(MediaPaging):
    sort_by: Literal["createdAt", "title"] = Field(
        default="createdAt", description="By time of creation, or by title (an addition to FastPix's API)."
    )
    query: str = Field(
        default="",
        max_length=254,
        description=(
            "Beginnings of words of the title, the file's name or what is said, all of which must be there; case "
            "does not matter (an addition to FastPix's API)."
        ),
    )
    status: Status = Field(default="", description="Only media of this status (an addition to FastPix's API).")


class MediaEdit(Wire):
    title: str | None = Field(default=None, max_length=255)
    creator_id: str | None = Field(default=None, max_length=255)
    metadata: dict[str, str] | None = None


class MediaOut(Sparse):
    thumbnail: str
    id: UUID
    workspace_id: UUID
    source_media_id: UUID | None = None
    stream_id: str | None = None
    metadata: dict[str, str]
    media_quality: str
    creator_id: str | None = None
    title: str | None = None
    max_resolution: str
    source_resolution: str | None = None
    status: str
    mp4_support: str | list[downloads.Mp4Out] | None = Field(
        default=None, description="The setting; for FastPix's clients of Python and Java the files."
    )
    source_access: bool
    playback_ids: list[PlaybackIdOut]
    tracks: list[tracks.TrackOut]
    generated_subtitles: list[Any]
    is_audio_only: bool
    subtitle_available: bool
    duration: str | None = Field(default=None, description="Seconds, as a decimal number in a string.")
    aspect_ratio: str | None = None
    percent: int | None = Field(default=None, description="How far processing is, 0 to 99.")
    failure: str | None = Field(default=None, description="Why the media failed.")
    created_at: Moment
    updated_at: Moment


class RecordingOut(MediaOut):
    """A media in the list of what a stream left, where FastPix's description has neither of these two."""

    metadata: dict[str, str] = Field(exclude=True)
    media_quality: str = Field(exclude=True)


class MediaMade(Answer):
    id: UUID
    trial: bool = False
    status: str
    created_at: Moment
    updated_at: Moment
    playback_ids: list[PlaybackIdOut]
    metadata: dict[str, str]
    media_quality: str
    source_access: bool
    max_resolution: str
    inputs: list[dict[str, Any]]
    optimize_audio: bool


def as_wire(row: MediaRow) -> dict[str, Any]:
    """A media as the wire has it (docs/fastpix-contract.md, section 2; its duration: section 10, D1)."""
    width, height = row["width"], row["height"]
    first = row["playback_ids"][0]["id"] if row["playback_ids"] else ""
    return {
        **row,
        "thumbnail": urls.image(first) if first else "",
        "title": row["title"] or None,
        "creator_id": row["creator_id"] or None,
        "failure": row["failure"] or None,
        "source_resolution": _for_client(short_side(width, height)),
        "mp4_support": downloads.for_client(row["mp4_support"], row["downloads"]),
        "playback_ids": [playback_id(each) for each in row["playback_ids"]],
        "tracks": [tracks.as_wire(each) for each in row["tracks"]],
        "generated_subtitles": [{"status": each["status"]} for each in row["tracks"] if each["is_generated"]],
        "subtitle_available": any(each["type"] == "subtitle" and each["status"] == AVAILABLE for each in row["tracks"]),
        "duration": f"{row['duration']:.3f}" if row["duration"] is not None else None,
        "aspect_ratio": aspect_ratio(width, height),
    }


def as_told(row: MediaRow) -> dict[str, Any]:
    """The same for webhooks, whoever's request it was that they tell of."""
    return as_wire(row) | {
        "mp4_support": row["mp4_support"] or None,
        "source_resolution": short_side(row["width"], row["height"]),
        "tracks": [tracks.as_told(each) for each in row["tracks"]],
    }


def clip(row: MediaRow) -> dict[str, Any]:
    """A media in the list of clips, where the clients know only these resolutions.

    See docs/fastpix-contract.md, section 10, D4.
    """
    is_listed = short_side(row["width"], row["height"]) in LISTED_SIDES
    return as_wire(row) if is_listed else as_wire(row) | {"source_resolution": None}


def short_side(width: int | None, height: int | None) -> str | None:
    """Such as "1080": the digits of the short side, in pixels (docs/fastpix-contract.md, section 10, D4)."""
    return str(min(width, height)) if width and height else None


def _for_client(side: str | None) -> str | None:
    """`sourceResolution` as the client that asks can read it: at another word Ruby's loses the whole list."""
    client = clients.asking()
    if client is None or client.language not in READ_WITH_P or client.version > READ_WITH_P[client.language]:
        return side
    return f"{side}p" if side in LISTED_SIDES else None


@lru_cache(maxsize=1024)  # 441 pairs to try, for each row of a list, and few sizes are ever used
def aspect_ratio(width: int | None, height: int | None) -> str | None:
    """Such as "16:9": the nearest of small numbers, since 1366x768 means 16:9 to everybody."""
    if not width or not height:
        return None
    pairs = [(w, h) for h in range(1, 22) for w in range(1, 22)]
    best = min(pairs, key=lambda pair: (round(abs(pair[0] / pair[1] - width / height), 2), sum(pair)))
    return f"{best[0]}:{best[1]}"


def created(row: MediaRow, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer to a create: the media as asked for, with the inputs echoed."""
    return {**row, "playback_ids": [playback_id(each) for each in row["playback_ids"]], "inputs": inputs}
