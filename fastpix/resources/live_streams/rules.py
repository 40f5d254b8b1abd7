"""What a live stream may be: its options with their defaults and bounds, and in which state what can be done. Pure checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastpix.errors import Invalid, WrongState
from fastpix.resources.live_streams.models import ACTIVE, DISABLED, IDLE, LiveStream, StreamRow
from fastpix.resources.media import options
from fastpix.resources.playback_ids.models import Drafts
from fastpix.text import naming

MOST = 1000
RESOLUTIONS = ("1080p", "720p", "480p")
SHORTEST_WINDOW, LONGEST_WINDOW = 60, 1800


@dataclass
class StreamOptions:
    """What a stream is created with (docs/fastpix-contract.md, section 4.1). `restrictions` are the first playback id's."""

    access_policy: str = "public"
    restrictions: Drafts = field(default_factory=dict)
    max_resolution: str = "1080p"
    reconnect_window: int = 60
    media_policy: str = "public"
    metadata: dict[str, Any] = field(default_factory=dict)
    enable_recording: bool = True
    enable_dvr: bool = False


def checked_metadata(metadata: dict[str, Any]) -> dict[str, str]:
    """The metadata, whose entry `name` (or `title`) is what the stream is called. Raises `Invalid`."""
    checked = options.metadata(metadata)
    for entry in ("name", "title"):
        naming.visible(checked.get(entry, ""), "metadata")
    return checked


def checked_window(seconds: int) -> int:
    """The reconnect window. Raises `Invalid`."""
    if not SHORTEST_WINDOW <= seconds <= LONGEST_WINDOW:
        raise Invalid("reconnectWindow", f"Give {SHORTEST_WINDOW} to {LONGEST_WINDOW} seconds.")
    return seconds


def refuse_disabled(stream: LiveStream) -> None:
    """Raises `WrongState` for a disabled stream, of which nothing can be changed.

    See docs/fastpix-contract.md, section 4, L4 and L17.
    """
    if stream.status == DISABLED:
        raise WrongState("This stream is disabled. Enable it first.", "stream is disabled")


def is_idle(stream: StreamRow) -> bool:
    return stream["status"] == IDLE


def is_on_air(stream: StreamRow) -> bool:
    return stream["status"] == ACTIVE


def is_in_use(stream: StreamRow) -> bool:
    """Whether an encoder sends it, or may come back."""
    return stream["status"] not in (IDLE, DISABLED)
