"""What the API takes to make a media (docs/fastpix-contract.md, section 3.1)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from fastpix.errors import Invalid
from fastpix.resources.media.options import Options
from fastpix.resources.media.schemas import Flag
from fastpix.resources.playback_ids.schemas import Policy, Resolution, RestrictionsIn, as_drafts
from fastpix.web.api import Wire

NO_AI = "In-video AI is not offered by this server. Leave it out, or set it to false."


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
    language_name: str
    language_code: str
    metadata: dict[str, str] | None = None


class CreationSettings(Wire):
    """What a media can be asked for, by address or by upload (docs/fastpix-contract.md, section 3.1)."""

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
    subtitles: SubtitlesIn | None = Field(
        default=None, description="Made of what is said, where this server has a speech model; else 501."
    )
    summary: Any = None
    chapters: Any = None
    named_entities: Any = None
    moderation: Any = None

    @field_validator("summary", "chapters", "named_entities", "moderation")
    @classmethod
    def _no_ai(cls, value: Any) -> Any:
        """Absent and false are fine; asking for it is refused, since nothing here would do it.

        See docs/fastpix-contract.md, section 3.1.
        """
        if value and not (isinstance(value, dict) and value.get("generate") is False):
            raise ValueError(NO_AI)
        return value

    def options(self) -> Options:
        """As the domain takes it."""
        return Options(
            access_policy=self.access_policy,
            restrictions=as_drafts(self.access_restrictions),
            metadata=self.metadata or {},
            title=self.title or "",
            creator_id=self.creator_id or "",
            media_quality=self.media_quality,
            max_resolution=self.max_resolution,
            optimize_audio=self.optimize_audio,
            source_access=self.source_access,
            mp4_support=self.mp4_support or "",
            subtitles=[
                {"url": each.url, "languageName": each.language_name, "languageCode": each.language_code}
                for each in self.inputs
                if each.type == "subtitle"
            ],
            captions=self._captions(),
        )

    def _captions(self) -> dict[str, str]:
        asked = self.subtitles
        return {"languageName": asked.language_name, "languageCode": asked.language_code} if asked else {}


class MediaCreate(CreationSettings):
    inputs: list[InputIn] = Field(min_length=1, description="One video or sound by its address, and subtitles.")

    def source(self) -> InputIn:
        """The one input that is fetched. Raises `Invalid` unless there is exactly one."""
        sources = [each for each in self.inputs if each.type in ("video", "audio")]
        if len(sources) != 1:
            raise Invalid("inputs", "Give exactly one input of type video (or audio) with its url.")
        return sources[0]

    def options(self) -> Options:
        options, source = super().options(), self.source()
        options.start_time, options.end_time = source.start_time, source.end_time
        return options
