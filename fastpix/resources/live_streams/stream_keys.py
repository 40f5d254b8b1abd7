"""Stream keys and the other secrets of a stream: derived from the instance's secret, so that nothing of them is stored."""

from __future__ import annotations

import hmac
import re

from fastpix.crypto import seal
from fastpix.resources.live_streams.models import LiveStream

# Who may change streams may also publish; nobody else sees what lets one publish.
MAY_PUBLISH = "live_streams.edit"
_KEY = re.compile(r"[0-9a-f]{32}k([0-9a-f]{32})", re.ASCII)


def stream_key(stream: LiveStream) -> str:
    """What an encoder publishes under: 32 hex digits, `k`, the stream's id (docs/fastpix-contract.md, section 4.2)."""
    return _derived(stream, "stream key")


def srt_secret(stream: LiveStream) -> str:
    return _derived(stream, "srt secret")


def srt_playback_secret(stream: LiveStream) -> str:
    return _derived(stream, "srt playback secret")


def stream_id_of(key: str) -> str | None:
    """The id of the stream that a key of the right form is of; None for any other text."""
    match = _KEY.fullmatch(key)
    return match[1] if match else None


def is_right(key: str, stream: LiveStream) -> bool:
    """Whether it is the stream's key as it is now; compared in constant time."""
    return hmac.compare_digest(key.encode(), stream_key(stream).encode())


def _derived(stream: LiveStream, purpose: str) -> str:
    return f"{seal.digits(purpose, stream.id, stream.key_generation)}k{stream.id}"
