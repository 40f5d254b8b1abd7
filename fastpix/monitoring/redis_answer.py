"""Whether the Redis that counts limits answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from fastpix.config.settings import Settings
from fastpix.ratelimit import storage


def looked_at(settings: Settings) -> Iterator[tuple[str, Literal["ok", "fail"], str]]:
    """What was looked at, how it is, and a sentence; nothing where no Redis is set up."""
    if not settings.redis_url:
        return
    at = urlsplit(settings.redis_url)
    where = f"{at.hostname}:{at.port or 6379}"
    if kind := storage.trouble(settings):
        text = f"{where} does not answer as it must ({kind}); limits are counted in the database meanwhile."
        yield "redis", "fail", f"{text} Start it, or correct FASTPIX_REDIS_URL."
    else:
        yield "redis", "ok", f"{where} answers."
