"""What goes out over the API about live streams, as FastPix's clients parse it (contract section 2).

What lets one publish, or watch by SRT, is left out for those who may not change streams: `search` does not tell it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from fastpix.resources.media import shapes as media
from fastpix.resources.media.shapes import RuleOut, rule
from fastpix.web.api import Answer, Moment, Sparse

__all__ = ["LivePlaybackIdOut", "LiveStreamOut", "RuleOut", "SimulcastOut", "Views", "playback_id", "rule"]

WITHHELD = "Only for those who may change live streams."


class LivePlaybackIdOut(Answer):
    id: UUID
    access_policy: str
    access_restrictions: media.RestrictionsOut


class FirstOfPlaybackId(Answer):
    id: UUID
    access_policy: str


class SimulcastOut(Sparse):
    simulcast_id: str
    url: str | None = Field(default=None, description=WITHHELD)
    stream_key: str | None = Field(default=None, description=WITHHELD)
    is_enabled: bool
    metadata: dict[str, str] | None = None


class SrtPlaybackOut(Sparse):
    srt_playback_stream_id: str
    srt_playback_secret: str | None = Field(default=None, description=WITHHELD)


class LiveStreamOut(Sparse):
    stream_id: str
    workspace_id: UUID
    stream_key: str | None = Field(default=None, description=WITHHELD)
    srt_secret: str | None = Field(default=None, description=WITHHELD)
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
    playback_ids: list[FirstOfPlaybackId]
    simulcast_responses: list[SimulcastOut] | None = None
    media_ids: list[UUID] | None = None
    srt_playback_response: SrtPlaybackOut


class Views(Answer):
    views: int


def stream(row: dict[str, Any]) -> dict[str, Any]:
    """A stream of `search.as_dict`. What has no value is left out (contract section 10, D30)."""
    srt = {"srt_playback_stream_id": f"play{row['id']}", "srt_playback_secret": row.get("srt_playback_secret")}
    return row | {
        "stream_id": row["id"],
        "enable_dvr_mode": row["enable_dvr"],
        "metadata": row["metadata"] or None,
        "simulcast_responses": [simulcast(each) for each in row["simulcasts"]] or None,
        "media_ids": row["media_ids"] or None,
        "srt_playback_response": srt,
    }


def playback_id(row: dict[str, Any]) -> dict[str, Any]:
    return media.playback_id(row)


def simulcast(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "simulcast_id": row["id"],
        "url": row["url"] or None,
        "stream_key": row["stream_key"] or None,
        "metadata": row["metadata"] or None,
    }
