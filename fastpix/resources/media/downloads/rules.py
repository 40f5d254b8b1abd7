"""Which files for download a media has."""

from __future__ import annotations

from fastpix.resources.media.models import Downloads

MP4_SUPPORT = ("none", "capped_4k", "audioOnly", "audioOnly,capped_4k")
VIDEO, AUDIO = "capped-4k.mp4", "audio.m4a"
# What the contract calls a file, and its extension.
KINDS = {VIDEO: ("capped_4k", "mp4"), AUDIO: ("audioOnly", "m4a")}
PREPARING, READY, FAILED = "preparing", "ready", "failed"


def planned(mp4_support: str, is_audio_only: bool, downloads: Downloads) -> Downloads:
    """The files that a setting asks for: those that are ready stay, the others are to be prepared."""
    names = {VIDEO} if "capped_4k" in mp4_support and not is_audio_only else set()
    names |= {AUDIO} if "audioOnly" in mp4_support else set()
    ready = {name: file for name, file in downloads.items() if name in names and file["status"] == READY}
    return {**ready, **{name: {"status": PREPARING} for name in sorted(names - set(ready))}}
