"""The playlist of a rendition that is still being made: read anew every second, and the whole one once that is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from flask import Response

from fastpix.delivery import file_sending
from fastpix.delivery.ttl_cache import TtlCache
from fastpix.errors import Missing
from fastpix.storage import instance as storage
from fastpix.video.arguments import PLAYLIST, SEGMENT_SECONDS
from fastpix.video.growing import PLAYLIST_SO_FAR

# Segments are six seconds long, and a second is soon enough; it is asked once for all viewers of this process.
SECONDS, MOST = 1.0, 1024
_SEGMENT = re.compile(r"#EXTINF:([0-9.]+),\s*\n(\S+)")


@dataclass(frozen=True)
class _Playlist:
    text: bytes

    @cached_property
    def seconds(self) -> dict[str, float]:
        """How long each segment is, by its name."""
        return {name: float(length) for length, name in _SEGMENT.findall(self.text.decode("ascii"))}


def _load(key: str) -> _Playlist:
    folder = key.rpartition("/")[0]
    try:
        return _Playlist(storage.get().read_bytes(f"{folder}/{PLAYLIST_SO_FAR}"))
    except Missing:  # it became whole, and here that is not known yet
        return _Playlist(storage.get().read_bytes(key))


_playlists: TtlCache[str, _Playlist] = TtlCache(_load, seconds=SECONDS, most=MOST)


def answer(key: str, cache_control: str) -> Response:
    """The playlist whose storage key, once it is whole, is `key`. Raises `Missing`."""
    response = Response(_playlists.get(key).text, content_type=file_sending.TYPES["m3u8"])
    response.headers["Cache-Control"] = cache_control
    return response


def seconds(key: str) -> float:
    """How long the segment under this storage key is; as long as most, where another process knew of it sooner."""
    folder, _, name = key.rpartition("/")
    return _playlists.get(f"{folder}/{PLAYLIST}").seconds.get(name, SEGMENT_SECONDS)
