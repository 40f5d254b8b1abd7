"""What comes in and goes out over the API about live streams (docs/fastpix-contract.md, sections 2 and 4).

What lets one publish, or watch by SRT, is left out for those who may not change streams: `queries` does not answer it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from fastpix.errors import Invalid
from fastpix.resources.live_streams.rules import LONGEST_WINDOW, SHORTEST_WINDOW, StreamOptions
from fastpix.resources.live_streams.simulcasts import rules as simulcast_rules
from fastpix.resources.media import options
from fastpix.resources.media.schemas import Flag, MediaPaging
from fastpix.resources.playback_ids import rules as playback_rules
from fastpix.resources.playback_ids.schemas import RestrictionsIn, RestrictionsOut, as_drafts, playback_id
from fastpix.web import clients
from fastpix.web.api import Answer, Moment, Sparse, Wire

if TYPE_CHECKING:
    from fastpix.resources.live_streams.models import StreamRow
    from fastpix.resources.live_streams.simulcasts.models import SimulcastRow
    from fastpix.resources.playback_ids.models import PlaybackIdRow

WITHHELD = "Only for those who may change live streams."
SRT = (
    "The passphrase for sending by SRT, where the stream id is the stream key. Nothing listens for SRT on a server without libsrt "
    "1.5 (apt-get install libsrt1.5-openssl)."
)
Policy = Literal["public", "private"]
NO_LOW_LATENCY = "is not offered here: viewers are six to ten seconds behind the encoder. Leave it out, or send false"


class StreamQuery(MediaPaging):
    query: str = Field(
        default="",
        max_length=254,
        description="Beginnings of words of the name, all of which must be there (an addition to FastPix's API).",
    )
    status: Literal["", "idle", "preparing", "active", "disabled"] = Field(
        default="", description="Only streams of this status (an addition to FastPix's API)."
    )


def _checked(check: Callable[[Any], object]) -> Callable[[Any], Any]:
    """A rule of the domain's, checked here too, so that a refusal names the field by its whole path, and all at once."""

    def validate(value: Any) -> Any:
        try:
            check(value)
        except Invalid as problem:
            raise ValueError(", ".join(problem.fields.values())) from None
        return value

    return validate


def _metadata(value: Any) -> None:
    if isinstance(value, dict):
        options.metadata(value)


def _restrictions(value: RestrictionsIn) -> None:
    playback_rules.restrictions(value.as_drafts())


def _usual_latency(value: bool) -> bool:
    """FastPix's clients may ask for low latency. Served as usual, it would be found out by viewers alone."""
    if value:
        raise ValueError(NO_LOW_LATENCY)
    return value


Metadata = Annotated[dict[str, str], BeforeValidator(_checked(_metadata)), Field(description="At most 10 entries.")]
Restrictions = Annotated[RestrictionsIn, AfterValidator(_checked(_restrictions))]
Window = Annotated[
    int,
    Strict(),
    Field(ge=SHORTEST_WINDOW, le=LONGEST_WINDOW, description="Seconds that an encoder may be away."),
]


class PlaybackSettings(Wire):
    access_policy: Policy = "public"
    access_restrictions: Restrictions | None = None


class InputMediaSettings(Wire):
    max_resolution: Literal["1080p", "720p", "480p"] = "1080p"
    reconnect_window: Window = 60
    media_policy: Policy = Field(default="public", description="Of the recording.")
    metadata: Metadata | None = None
    enable_dvr_mode: Flag = False
    enable_recording: Flag = True
    low_latency: Annotated[Flag, AfterValidator(_usual_latency)] = Field(
        default=False, description="Not offered: only false."
    )


class StreamCreate(Wire):
    playback_settings: PlaybackSettings
    input_media_settings: InputMediaSettings

    def options(self) -> StreamOptions:
        """As the domain takes it."""
        playback, media = self.playback_settings, self.input_media_settings
        return StreamOptions(
            access_policy=playback.access_policy,
            restrictions=as_drafts(playback.access_restrictions),
            max_resolution=media.max_resolution,
            reconnect_window=media.reconnect_window,
            media_policy=media.media_policy,
            metadata=media.metadata or {},
            enable_recording=media.enable_recording,
            enable_dvr=media.enable_dvr_mode,
        )


class StreamEdit(Wire):
    metadata: Metadata | None = Field(default=None, description="Replaced as a whole.")
    reconnect_window: Window | None = None
    enable_recording: Any = Field(default=None, description="Ignored: fixed when the stream is created.")


class LivePlaybackIdCreate(PlaybackSettings):
    """A further playback id takes what the first one does."""


class LivePlaybackIdQuery(Wire):
    playback_id: str


class SimulcastCreate(Wire):
    url: Annotated[str, AfterValidator(_checked(simulcast_rules.checked_url))] = Field(
        description="Such as rtmp://live.example.com/app or rtmps://…."
    )
    stream_key: Annotated[str, AfterValidator(_checked(simulcast_rules.checked_key))]
    metadata: Metadata | None = None


class SimulcastEdit(Wire):
    is_enabled: Flag | None = None
    metadata: Metadata | None = None


class LivePlaybackIdOut(Sparse):
    id: UUID
    access_policy: str
    access_restrictions: RestrictionsOut | None = Field(default=None, description="For FastPix's client of Python.")


class SimulcastOut(Sparse):
    simulcast_id: str
    url: str | None = Field(default=None, description=WITHHELD)
    stream_key: str | None = Field(default=None, description=WITHHELD)
    is_enabled: bool
    metadata: dict[str, str] | None = None


class SrtPlaybackOut(Sparse):
    srt_playback_stream_id: str = Field(description="For the clients' sake: nothing is played by SRT.")
    srt_playback_secret: str | None = Field(default=None, description=WITHHELD)


class LiveStreamEdited(Sparse):
    stream_id: str
    stream_key: str | None = Field(default=None, description=WITHHELD)
    srt_secret: str | None = Field(default=None, description=f"{SRT} {WITHHELD}")
    trial: bool = False
    status: str = Field(description="idle, preparing, active or disabled.")
    max_resolution: str
    max_duration: int = Field(default=0, description="0: without end.")
    created_at: Moment
    reconnect_window: int
    enable_recording: bool
    enable_dvr_mode: bool
    media_policy: str
    metadata: dict[str, str] | None = None
    low_latency: bool = False
    closed_captions: bool = False
    playback_ids: list[LivePlaybackIdOut]
    media_ids: list[UUID] | None = None
    srt_playback_response: SrtPlaybackOut


class LiveStreamOut(LiveStreamEdited):
    simulcast_responses: list[SimulcastOut] | None = None


class Views(Answer):
    views: int


def live_playback_id(row: PlaybackIdRow) -> dict[str, Any]:
    """A playback id. FastPix's answer has no restrictions, and its Python client alone asks for them (D13)."""
    client = clients.asking()
    if client is not None and client.language == "python" and client.version >= (1, 2, 0):
        return playback_id(row)
    return {"id": row["id"], "access_policy": row["access_policy"]}


def stream(row: StreamRow) -> dict[str, Any]:
    """A stream of `queries`. What has no value is left out (docs/fastpix-contract.md, section 10, D30)."""
    srt = {"srt_playback_stream_id": f"play{row['id']}", "srt_playback_secret": row.get("srt_playback_secret")}
    return {
        **row,
        "stream_id": row["id"],
        "enable_dvr_mode": row["enable_dvr"],
        "metadata": row["metadata"] or None,
        "simulcast_responses": [simulcast(each) for each in row["simulcasts"]] or None,
        "media_ids": row["media_ids"] or None,
        "srt_playback_response": srt,
    }


def simulcast(row: SimulcastRow) -> dict[str, Any]:
    return {
        **row,
        "simulcast_id": row["id"],
        "url": row["url"] or None,
        "stream_key": row["stream_key"] or None,
        "metadata": row["metadata"] or None,
    }
