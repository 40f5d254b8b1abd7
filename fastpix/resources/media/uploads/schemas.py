"""What the API takes and tells of uploads (docs/fastpix-contract.md, sections 2 and 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from fastpix.errors import Invalid
from fastpix.resources.media.creation.schemas import CreationSettings
from fastpix.resources.media.options import Options
from fastpix.web.api import Answer, Sparse, Wire

if TYPE_CHECKING:
    from fastpix.resources.media.uploads.models import UploadRow


class PushSettings(CreationSettings):
    start_time: float | None = None
    end_time: float | None = None

    def options(self) -> Options:
        if any(i.type != "subtitle" for i in self.inputs):
            raise Invalid(
                "pushMediaSettings.inputs", "An upload is the video itself; only subtitles may be named here."
            )
        options = super().options()
        options.start_time, options.end_time = self.start_time, self.end_time
        return options


class UploadCreate(Wire):
    cors_origin: str = Field(min_length=1, description="Origin of the page that sends the file, or `*`.")
    push_media_settings: PushSettings | None = None


class PushSettingsOut(Answer):
    playback_ids: list[dict[str, Any]]
    metadata: dict[str, str]
    media_quality: str
    source_access: bool
    optimize_audio: bool


class UploadOut(Sparse):
    upload_id: UUID
    trial: bool = False
    status: str
    url: str | None = Field(default=None, description="Takes the file. Only for those who may create media.")
    timeout: int = 14_400
    cors_origin: str
    push_media_settings: PushSettingsOut


class UploadCancelled(Sparse):
    upload_id: UUID
    trial: bool = False
    status: str
    url: str | None = None
    cors_origin: str
    max_resolution: str
    access_policy: str
    metadata: dict[str, str]
    title: str | None = None
    creator_id: str | None = None


def as_wire(row: UploadRow) -> dict[str, Any]:
    """An upload as the wire has it."""
    options = row["settings"]
    playback_id = {"accessPolicy": options.access_policy, "accessRestrictions": options.restrictions}
    push_settings = {
        "playback_ids": [playback_id],
        "metadata": options.metadata,
        "media_quality": options.media_quality,
        "source_access": options.source_access,
        "optimize_audio": options.optimize_audio,
    }
    return {
        **row,
        "upload_id": row["id"],
        "push_media_settings": push_settings,
        "max_resolution": options.max_resolution,
        "metadata": options.metadata,
        "title": options.title or None,
        "creator_id": options.creator_id or None,
        "access_policy": options.access_policy,
    }
