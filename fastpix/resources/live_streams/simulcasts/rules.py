"""What a simulcast target may be: how many, which addresses, which keys. Pure checks."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastpix.config import instance
from fastpix.errors import Invalid, Refused
from fastpix.outbound import connect, public_address

MOST = 10
SCHEMES = ("rtmp", "rtmps")


def checked_url(url: str) -> str:
    """The address of another server's application. Raises `Invalid`; where it is written in numbers and not public, too.

    Where a name leads is checked when it is pushed to, at every connect.
    """
    url = url.strip()
    try:
        url = url if url.isascii() or not url.isprintable() else connect.in_ascii(url)
        parts = urlsplit(url)
        is_good = parts.scheme in SCHEMES and bool(parts.hostname) and bool(parts.path.strip("/")) and len(url) <= 1000
        is_good = is_good and (parts.port is None or parts.port > 0) and "@" not in parts.netloc and url.isprintable()
    except ValueError:
        is_good = False
    if not is_good:
        raise Invalid("url", "Give the server's address, such as rtmp://live.example.com/app or rtmps://….")
    try:
        allow_private = instance.settings().fetch_allow_private
        public_address.find(str(parts.hostname), 0, allow_private=allow_private, resolve=public_address.written)
    except Refused as refused:
        raise Invalid("url", str(refused)) from None
    return url


def checked_key(key: str) -> str:
    """The key that the other server gave. Raises `Invalid`."""
    key = key.strip()
    if not 0 < len(key) <= 500 or not key.isprintable() or not key.isascii():
        raise Invalid("streamKey", "Give the stream key that the other server shows, in at most 500 characters.")
    return key
