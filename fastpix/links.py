"""Absolute links, always from the configured public address and never from a request's Host header."""

from __future__ import annotations

_public_url = ""


def configure(public_url: str) -> None:
    """Set the public address. Called by `fastpix.app`."""
    global _public_url
    _public_url = public_url


def to(path: str) -> str:
    """The absolute link to a path that begins with a slash."""
    return _public_url + path
