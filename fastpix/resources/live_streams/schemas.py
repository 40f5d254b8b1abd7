"""What comes in over the API about live streams, their playback ids and simulcast targets (contract section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from fastpix.errors import Invalid
from fastpix.resources.live_streams import simulcasts
from fastpix.resources.live_streams.domain import LONGEST_WINDOW, SHORTEST_WINDOW, Wanted
from fastpix.resources.media import asked
from fastpix.resources.media.schemas import Flag, MediaPaging, RestrictionsIn, RuleIn
from fastpix.web.api import Wire

# Domains and user agents, and pages, are told as for media.
__all__ = [
    "LivePlaybackIdCreate",
    "LivePlaybackIdQuery",
    "RuleIn",
    "SimulcastCreate",
    "SimulcastEdit",
    "StreamCreate",
    "StreamEdit",
    "StreamPaging",
]
StreamPaging = MediaPaging
Policy = Literal["public", "private"]


def _checked(check: Callable[[Any], object]) -> Callable[[Any], Any]:
    """A check of the domain's, made here too, so that a refusal names the field by its whole path, and all at once."""

    def told(value: Any) -> Any:
        try:
            check(value)
        except Invalid as problem:
            raise ValueError(", ".join(problem.fields.values())) from None
        return value

    return told


def _own_words(value: Any) -> None:
    if isinstance(value, dict):
        asked.metadata(value)


def _rules(value: RestrictionsIn) -> None:
    for kind, rule in value.as_rules().items():
        asked.rule(kind, rule)


Metadata = Annotated[dict[str, str], BeforeValidator(_checked(_own_words)), Field(description="At most 10 entries.")]
Restrictions = Annotated[RestrictionsIn, AfterValidator(_checked(_rules))]
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


class StreamCreate(Wire):
    playback_settings: PlaybackSettings
    input_media_settings: InputMediaSettings

    def wanted(self) -> Wanted:
        """As the domain takes it."""
        plays, comes_in = self.playback_settings, self.input_media_settings
        return Wanted(
            access_policy=plays.access_policy,
            restrictions=plays.access_restrictions.as_rules() if plays.access_restrictions else {},
            max_resolution=comes_in.max_resolution,
            reconnect_window=comes_in.reconnect_window,
            media_policy=comes_in.media_policy,
            metadata=comes_in.metadata or {},
            enable_recording=comes_in.enable_recording,
            enable_dvr=comes_in.enable_dvr_mode,
        )


class StreamEdit(Wire):
    metadata: Metadata | None = Field(default=None, description="Replaced as a whole.")
    reconnect_window: Window | None = None
    enable_recording: Any = Field(default=None, description="Ignored: fixed when the stream is created.")


class LivePlaybackIdCreate(PlaybackSettings):
    """A further playback id is asked for as the first one."""


class LivePlaybackIdQuery(Wire):
    playback_id: str


class SimulcastCreate(Wire):
    url: Annotated[str, AfterValidator(_checked(simulcasts.checked_url))] = Field(
        description="Such as rtmp://live.example.com/app or rtmps://…."
    )
    stream_key: Annotated[str, AfterValidator(_checked(simulcasts.checked_key))]
    metadata: Metadata | None = None


class SimulcastEdit(Wire):
    is_enabled: Flag | None = None
    metadata: Metadata | None = None
