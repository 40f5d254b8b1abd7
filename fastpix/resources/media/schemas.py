"""What comes in over the API about media, uploads, playback ids and tracks (contract sections 2 and 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, field_validator, model_validator

from fastpix.errors import Invalid
from fastpix.resources.media.asked import Asked
from fastpix.web.api import Paging, Wire

Flag = Annotated[bool, Strict()]
Policy = Literal["public", "private", "drm"]
Resolution = Literal["360p", "480p", "720p", "1080p", "1440p", "2160p"]
NO_AI = "In-video AI is not offered by this server. Leave it out, or set it to false."


class MediaPaging(Paging):
    order_by: Literal["asc", "desc"] = Field(default="desc", description="By time of creation.")


class RuleIn(Wire):
    default_policy: Literal["allow", "deny"] | None = None
    allow: list[str] | None = None
    deny: list[str] | None = None


class RestrictionsIn(Wire):
    domains: RuleIn | None = None
    user_agents: RuleIn | None = None

    def as_rules(self) -> dict[str, Any]:
        """As the domain takes them, by the contract's names."""
        rules = {"domains": self.domains, "userAgents": self.user_agents}
        return {kind: rule.model_dump(by_alias=True, exclude_none=True) for kind, rule in rules.items() if rule}


class InputIn(Wire):
    """One entry of `inputs`: a video (or sound) to fetch, or subtitles. The rest of FastPix's kinds is not offered."""

    type: Literal["video", "audio", "subtitle", "watermark"]
    url: str = ""
    start_time: float | None = None
    end_time: float | None = None
    language_name: str = ""
    language_code: str = ""
    # Known to FastPix and refused in words, instead of being called unknown.
    intro_url: str | None = None
    outro_url: str | None = None
    expunge_segments: list[Any] | None = None
    segments: list[Any] | None = None
    placement: Any = None
    width: Any = None
    height: Any = None
    opacity: Any = None
    swap_track_url: Any = None
    impose_tracks: list[Any] | None = None

    @model_validator(mode="after")
    def _only_what_is_offered(self) -> InputIn:
        refused = ("intro_url", "outro_url", "expunge_segments", "segments", "swap_track_url", "impose_tracks")
        if self.type == "watermark" or any(getattr(self, name) for name in refused):
            raise ValueError(
                "Watermarks, intros, outros, cut segments and imposed sounds are not offered by this server."
            )
        if self.type == "audio" and not self.url:
            raise ValueError("Give the address of the sound in url.")
        return self


class SubtitlesIn(Wire):
    language_name: str | None = None
    language_code: str | None = None
    metadata: dict[str, str] | None = None


class Wanted(Wire):
    """What a media can be asked for, by address or by upload (contract section 3.1)."""

    access_policy: Policy = Field(description="`drm` is not offered.")
    metadata: dict[str, str] | None = None
    title: str | None = None
    creator_id: str | None = None
    media_quality: Literal["standard", "pro", "premium"] = "standard"
    max_resolution: Resolution = "1080p"
    optimize_audio: Flag = False
    source_access: Flag = False
    mp4_support: Literal["capped_4k", "audioOnly", "audioOnly,capped_4k"] | None = None
    access_restrictions: RestrictionsIn | None = None
    drm_configuration_id: str | None = None
    inputs: list[InputIn] = Field(default_factory=list)
    subtitles: SubtitlesIn | None = Field(default=None, description="Generated subtitles: not offered.")
    summary: Any = None
    chapters: Any = None
    named_entities: Any = None
    moderation: Any = None

    @field_validator("summary", "chapters", "named_entities", "moderation", "subtitles")
    @classmethod
    def _no_ai(cls, value: Any) -> Any:
        """Absent and false are fine; asking for it is refused, since nothing here would do it (contract 3.1)."""
        if value and not (isinstance(value, dict) and value.get("generate") is False):
            raise ValueError(NO_AI)
        return value

    def asked(self) -> Asked:
        """As the domain takes it."""
        subtitles = [i for i in self.inputs if i.type == "subtitle"]
        return Asked(
            access_policy=self.access_policy,
            restrictions=self.access_restrictions.as_rules() if self.access_restrictions else {},
            metadata=self.metadata or {},
            title=self.title or "",
            creator_id=self.creator_id or "",
            media_quality=self.media_quality,
            max_resolution=self.max_resolution,
            optimize_audio=self.optimize_audio,
            source_access=self.source_access,
            mp4_support=self.mp4_support or "",
            subtitles=[
                {"url": i.url, "languageName": i.language_name, "languageCode": i.language_code} for i in subtitles
            ],
        )


class MediaCreate(Wanted):
    inputs: list[InputIn] = Field(min_length=1, description="One video or sound by its address, and subtitles.")

    def source(self) -> InputIn:
        """The one input that is fetched. Raises `Invalid` unless there is exactly one."""
        found = [i for i in self.inputs if i.type in ("video", "audio")]
        if len(found) != 1:
            raise Invalid("inputs", "Give exactly one input of type video (or audio) with its url.")
        return found[0]

    def asked(self) -> Asked:
        wanted, source = super().asked(), self.source()
        wanted.start_time, wanted.end_time = source.start_time, source.end_time
        return wanted


class PushSettings(Wanted):
    start_time: float | None = None
    end_time: float | None = None

    def asked(self) -> Asked:
        if any(i.type != "subtitle" for i in self.inputs):
            raise Invalid(
                "pushMediaSettings.inputs", "An upload is the video itself; only subtitles may be named here."
            )
        wanted = super().asked()
        wanted.start_time, wanted.end_time = self.start_time, self.end_time
        return wanted


class UploadCreate(Wire):
    cors_origin: str = Field(min_length=1, description="Origin of the page that sends the file, or `*`.")
    push_media_settings: PushSettings | None = None


class MediaEdit(Wire):
    title: str | None = Field(default=None, max_length=255)
    creator_id: str | None = Field(default=None, max_length=255)
    metadata: dict[str, str] | None = None


class SourceAccessIn(Wire):
    source_access: Flag


class Mp4SupportIn(Wire):
    mp4_support: Literal["none", "capped_4k", "audioOnly", "audioOnly,capped_4k"]


class PlaybackIdCreate(Wire):
    access_policy: Policy
    access_restrictions: RestrictionsIn | None = None
    resolution: Resolution | None = None
    drm_configuration_id: str | None = None


class PlaybackIdQuery(Wire):
    playback_id: str


class TrackIn(Wire):
    url: str
    type: Literal["audio", "subtitle"]
    language_code: str
    language_name: str
    title: str | None = None


class TrackCreate(Wire):
    tracks: TrackIn


class TrackEdit(Wire):
    language_code: str | None = None
    language_name: str | None = None
    title: str | None = None
    url: str | None = None


class GenerateSubtitles(Wire):
    language_name: str
    language_code: str
    metadata: dict[str, str] | None = None
    title: str | None = None
