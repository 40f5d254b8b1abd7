"""Absolute links, always from the configured addresses and never from a request's Host header."""

from __future__ import annotations

from urllib.parse import urlencode

_public_url = ""
_stream_base = ""
_images_base = ""
_live_server = ""


def configure(public_url: str, stream_base: str = "", images_base: str = "", live_server: str = "") -> None:
    """Set the public address, where playlists and images begin, and where encoders publish. Called by `fastpix.app`."""
    global _public_url, _stream_base, _images_base, _live_server
    _public_url, _live_server = public_url, live_server
    _stream_base, _images_base = stream_base or f"{public_url}/stream", images_base or f"{public_url}/images"


def to(path: str) -> str:
    """The absolute link to a path that begins with a slash."""
    return _public_url + path


def stream(name: object, **query: str) -> str:
    """The link of a playlist or file for viewers, such as `<playback id>.m3u8` (contract section 8)."""
    return _with_query(f"{_stream_base}/{name}", query)


def image(playback_id: object, name: str = "thumbnail.jpg", **query: str) -> str:
    """The link of a picture of what plays under a playback id."""
    return _with_query(f"{_images_base}/{playback_id}/{name}", query)


def embed(playback_id: object, **query: str) -> str:
    """The link of the page that other sites put into a frame."""
    return _with_query(f"{_public_url}/embed/{playback_id}", query)


def live_server() -> str:
    """What people paste into an encoder as its server; empty where this instance takes no streams in."""
    return _live_server


def _with_query(address: str, query: dict[str, str]) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{address}?{urlencode(given)}" if given else address
