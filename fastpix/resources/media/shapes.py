"""What goes out over the API about media, uploads, playback ids and tracks, as FastPix's clients parse it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import Field

from fastpix import links
from fastpix.access import principal
from fastpix.web.api import Answer, Moment, Sparse


class RuleOut(Answer):
    default_policy: str
    allow: list[str]
    deny: list[str]


class RestrictionsOut(Answer):
    domains: RuleOut
    user_agents: RuleOut


class PlaybackIdOut(Answer):
    id: UUID
    access_policy: str
    access_restrictions: RestrictionsOut


class PlaybackIdMade(PlaybackIdOut):
    resolution: str | None


class TrackOut(Sparse):
    id: UUID
    type: str
    status: str
    width: int | None = None
    height: int | None = None
    frame_rate: str | None = None
    language_code: str | None = None
    language_name: str | None = None
    title: str | None = None


class TrackMade(Sparse):
    id: UUID
    type: str
    url: str | None = None
    language_code: str
    language_name: str
    title: str | None = None


class Mp4Out(Sparse):
    type: str
    status: str
    ext: str
    width: int | None = None
    height: int | None = None


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
    mp4_support: list[Mp4Out] | None = None
    mp4_support_setting: str | None = Field(default=None, description="The setting as it was given.")
    source_access: bool
    playback_ids: list[PlaybackIdOut]
    tracks: list[TrackOut]
    generated_subtitles: list[Any]
    is_audio_only: bool
    subtitle_available: bool
    duration: str | None = Field(default=None, description="Seconds, as a decimal number in a string.")
    frame_rate: str | None = None
    aspect_ratio: str | None = None
    percent: int | None = Field(default=None, description="How far processing is, 0 to 99.")
    failure: str | None = Field(default=None, description="Why the media failed.")
    trial: bool = False
    created_at: Moment
    updated_at: Moment


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


class PushSettingsOut(Answer):
    playback_ids: list[dict[str, Any]]
    metadata: dict[str, str]
    media_quality: str
    source_access: bool
    optimize_audio: bool
    max_resolution: str


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


class InputConfiguration(Sparse):
    url: str | None = None


class InputFile(Answer):
    container_format: str
    tracks: list[TrackOut]


class InputInfo(Answer):
    configuration: InputConfiguration
    file: InputFile


def playback_id(row: dict[str, Any]) -> dict[str, Any]:
    rules = row["restrictions"]
    return row | {
        "access_restrictions": {"domains": _rule(rules["domains"]), "user_agents": _rule(rules["userAgents"])}
    }


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {"default_policy": rule["defaultPolicy"], "allow": rule["allow"], "deny": rule["deny"]}


def rule(row: dict[str, Any]) -> dict[str, Any]:
    """One rule, as the four restriction calls answer it."""
    return _rule(row)


def track(row: dict[str, Any]) -> dict[str, Any]:
    details = row["details"]
    sized = {"width": details.get("width"), "height": details.get("height"), "frame_rate": details.get("frameRate")}
    shown = {name: row[name] or None for name in ("language_code", "language_name", "title", "url")}
    if not principal.may("media.edit"):
        shown["url"] = None  # where a track came from is the source's business
    return {name: row[name] for name in ("id", "type", "status")} | shown | (sized if row["type"] == "video" else {})


def media(row: dict[str, Any]) -> dict[str, Any]:
    """A media of `search.as_dict` as the contract's section 2 shows it; duration by its section 10, D1."""
    width, height = row["width"], row["height"]
    first = row["playback_ids"][0]["id"] if row["playback_ids"] else ""
    return row | {
        "thumbnail": links.image(first) if first else "",
        "title": row["title"] or None,
        "creator_id": row["creator_id"] or None,
        "failure": row["failure"] or None,
        "source_resolution": str(min(width, height)) if height else None,
        "mp4_support": _downloads(row) or None,
        "mp4_support_setting": row["mp4_support"] or None,
        "playback_ids": [playback_id(each) for each in row["playback_ids"]],
        "tracks": [track(each) for each in row["tracks"]],
        "generated_subtitles": [],
        "subtitle_available": any(t["type"] == "subtitle" and t["status"] == "available" for t in row["tracks"]),
        "duration": f"{row['duration']:.3f}" if row["duration"] is not None else None,
        "frame_rate": f"{row['frame_rate']:.3f}" if row["frame_rate"] else None,
        "aspect_ratio": aspect_ratio(width, height),
    }


def clip(row: dict[str, Any]) -> dict[str, Any]:
    """A media in the list of clips, where the clients know only these resolutions (contract section 10, D4)."""
    told = media(row)
    known = told["source_resolution"] in ("360", "480", "720", "1080", "1440", "2160")
    return told if known else told | {"source_resolution": None}


def _downloads(row: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {"capped-4k.mp4": ("capped_4k", "mp4"), "audio.m4a": ("audioOnly", "m4a")}
    return [
        {"type": kinds[name][0], "ext": kinds[name][1], **{k: entry.get(k) for k in ("status", "width", "height")}}
        for name, entry in sorted(row["downloads"].items())
    ]


@lru_cache(maxsize=1024)  # 441 pairs to try, for each row of a list, and few sizes are ever used
def aspect_ratio(width: int | None, height: int | None) -> str | None:
    """Such as "16:9": the nearest of small numbers, since 1366x768 means 16:9 to everybody."""
    if not width or not height:
        return None
    pairs = [(w, h) for h in range(1, 22) for w in range(1, 22)]
    best = min(pairs, key=lambda pair: (round(abs(pair[0] / pair[1] - width / height), 2), sum(pair)))
    return f"{best[0]}:{best[1]}"


def made(row: dict[str, Any], inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer to a create: the media as asked for, with the inputs echoed."""
    return row | {"playback_ids": [playback_id(each) for each in row["playback_ids"]], "inputs": inputs}


def upload(row: dict[str, Any]) -> dict[str, Any]:
    wanted = row["settings"]
    names = ("metadata", "media_quality", "source_access", "optimize_audio", "max_resolution")
    first = {"accessPolicy": wanted["access_policy"], "accessRestrictions": wanted["restrictions"]}
    settings = {name: wanted[name] for name in names} | {"playback_ids": [first]}
    flat = {"max_resolution": wanted["max_resolution"], "metadata": wanted["metadata"]}
    return (
        row | flat | {"upload_id": row["id"], "push_media_settings": settings, "access_policy": wanted["access_policy"]}
    )
