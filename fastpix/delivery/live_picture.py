"""The picture of now of a live stream, for the dashboard's lists: made of a segment that viewers may fetch, some seconds old."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import Response

from fastpix.delivery import file_sending, image_cache
from fastpix.delivery.authorization import LiveGrant
from fastpix.delivery.live_media_playlist import INIT
from fastpix.errors import Missing
from fastpix.resources.live_streams.playback import OnAir, Segment
from fastpix.storage import instance as storage
from fastpix.video import stills
from fastpix.video.datatypes import Failed

# Another picture for every so many segments of two seconds: a page with streams shall not keep ffmpeg busy.
EVERY = 4
WIDTH = 320
CACHE_SECONDS = 8


def answer(grant: LiveGrant, broadcast: OnAir) -> Response:
    """The latest picture that is made. Raises `Missing` where there is sound alone, and what `image_cache` raises."""
    if not broadcast.width:
        raise Missing("This live stream is sound alone: there are no pictures of it.")
    segment = _chosen(broadcast)
    name = f"live-{broadcast.broadcast_id}-{segment.position}.jpg"
    scope = "public" if grant.is_for_all else "private"
    path = image_cache.get_or_make(name, partial(_make, broadcast, segment))
    return file_sending.send_file(path, name, f"{scope}, max-age={CACHE_SECONDS}")


def _chosen(broadcast: OnAir) -> Segment:
    latest = broadcast.segments[-1]
    return next((each for each in reversed(broadcast.segments) if each.position % EVERY == 0), latest)


def _make(broadcast: OnAir, segment: Segment, scratch: Path, to: Path) -> None:
    source, folder = scratch / "source.mp4", f"{broadcast.folder}/{segment.connection_id}"
    with source.open("wb") as file:
        for name in (INIT, segment.name):
            for piece in storage.get().read(f"{folder}/{name}"):
                file.write(piece)
    try:
        stills.frame(source, 0.0, width=WIDTH, height=None, fit="preserve", kind="jpg", to=to)
    except Failed:
        raise Missing("There is no picture of this moment.") from None
