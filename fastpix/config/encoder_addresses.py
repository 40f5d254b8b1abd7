"""Where encoders publish: what is listened for, and what people paste into them."""

from __future__ import annotations

from fastpix.config import srt_library
from fastpix.config.parsers import OFF
from fastpix.config.settings import Settings

RTMP_PORT, SRT_PORT = "1935", "1945"


def rtmp_server(settings: Settings) -> str:
    """What people paste into an encoder as its server; empty where nothing takes streams in."""
    if settings.live_url or settings.live_bind == OFF:
        return settings.live_url
    port = settings.live_bind.rpartition(":")[2]
    return f"rtmp://{_host(settings)}{'' if port == RTMP_PORT else ':' + port}/live"


def srt_wanted(settings: Settings) -> str:
    """Where SRT is to be listened for, if the system can; `off`: nowhere."""
    if settings.srt_bind or settings.live_bind == OFF:
        return settings.srt_bind or OFF
    return f"{settings.live_bind.rpartition(':')[0]}:{SRT_PORT}"


def srt_listening(settings: Settings) -> str:
    """Where SRT is listened for; `off`: nowhere, if only for want of libsrt."""
    return srt_wanted(settings) if srt_library.load() is not None else OFF


def srt_server(settings: Settings) -> str:
    """What people paste into an encoder that sends by SRT; empty where nothing listens for it."""
    listening = srt_listening(settings)
    if settings.srt_url or listening == OFF:
        return settings.srt_url
    return f"srt://{_host(settings)}:{listening.rpartition(':')[2]}"


def is_srt_missing(settings: Settings) -> bool:
    """Whether libsrt is all that keeps SRT from being listened for."""
    return not settings.srt_url and srt_wanted(settings) != OFF and srt_library.load() is None


def _host(settings: Settings) -> str:
    return f"[{settings.host}]" if ":" in settings.host else settings.host
