"""Absolute links, always from the configured addresses and never from a request's Host header."""

from __future__ import annotations

from urllib.parse import urlencode

from fastpix.config import encoder_addresses
from fastpix.config.instance import settings


def to(path: str) -> str:
    """The absolute link to a path that begins with a slash."""
    return settings().public_url + path


def stream(name: object, **query: str) -> str:
    """The link of a playlist or file for viewers, such as `<playback id>.m3u8`.

    See docs/fastpix-contract.md, section 8.4.
    """
    return _with_query(f"{settings().stream_base}/{name}", query)


def image(playback_id: object, name: str = "thumbnail.jpg", **query: str) -> str:
    """The link of a picture of what plays under a playback id."""
    return _with_query(f"{settings().images_base}/{playback_id}/{name}", query)


def embed(playback_id: object, **query: str) -> str:
    """The link of the page that other sites put into a frame."""
    return _with_query(f"{settings().public_url}/embed/{playback_id}", query)


def live_server() -> str:
    """What people paste into an encoder as its server; empty where this instance takes no streams in."""
    return encoder_addresses.rtmp_server(settings())


def srt_server() -> str:
    """What people paste into an encoder that sends by SRT; empty where nothing listens for it."""
    return encoder_addresses.srt_server(settings())


def is_srt_missing() -> bool:
    """Whether libsrt is all that keeps SRT from being listened for."""
    return encoder_addresses.is_srt_missing(settings())


def _with_query(address: str, query: dict[str, str]) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{address}?{urlencode(given)}" if given else address
