"""Live streams as viewers get them: master, growing playlist, pieces; under the same rules as media."""

from __future__ import annotations

import re
import secrets
from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import NotFound

from fastpix.db import db
from fastpix.delivery import files, known, live_playlist, playlists, presence
from fastpix.delivery.admission import AdmittedLive
from fastpix.delivery.kept import Kept
from fastpix.delivery.refusals import NotReady
from fastpix.resources.live_streams import playback
from fastpix.resources.live_streams.playback import LivePlayable, OnAir

# A piece is two seconds long: what was known half a second ago is still true enough, and asked once for all viewers.
SECONDS = 0.5
PLAYLIST = "live/index.m3u8"
NOT_ON_AIR = "This live stream is not on air, so it is not ready to play. Try again later."
VIEWER = re.compile(r"[A-Za-z0-9_-]{16}", re.ASCII)
_ID = known.ID.pattern
_PIECE = re.compile(rf"live/({_ID})/({_ID})/(init\.mp4|s[0-9]{{5,9}}\.m4s)", re.ASCII)


def _load(stream_id: str) -> OnAir | None:
    try:
        return playback.on_air(stream_id)
    finally:
        db.session.rollback()  # the connection goes back now


def _load_belonging(key: tuple[str, UUID]) -> bool:
    try:
        return playback.is_of(*key)
    finally:
        db.session.rollback()


_on_air: Kept[str, OnAir | None] = Kept(_load, seconds=SECONDS, most=known.MOST)
_belonging: Kept[tuple[str, UUID], bool] = Kept(_load_belonging, seconds=60.0, most=known.MOST)


def forget() -> None:
    """Forget everything. Called when the application is configured."""
    _on_air.clear()
    _belonging.clear()


def on_air(playable: LivePlayable) -> OnAir:
    """What is out just now, or was a few minutes ago. Raises `NotReady`."""
    found = _on_air.get(playable.stream_id)
    if found is None:
        raise NotReady(NOT_ON_AIR)
    return found


def master(found: AdmittedLive, prefix: str) -> Response:
    """The master playlist: one rendition, as the encoder sends it. Each answer names its viewer anew."""
    now = on_air(found.playable)
    rendition = {
        "name": "live",
        "width": now.width,
        "height": now.height,
        "bandwidth": now.bandwidth,
        "average_bandwidth": now.bandwidth,
        "codecs": now.codecs,
        "frame_rate": 0,
    }
    shown = playlists.chosen([rendition], playlists.choice(request.args))
    here = prefix or "."
    text = playlists.master(shown, (), version_uri=here, tracks_uri=here, query=f"?viewer={secrets.token_urlsafe(12)}")
    response = Response(text, content_type=files.TYPES["m3u8"])
    response.headers["Cache-Control"] = "no-store" if found.is_public else "private, no-store"
    return response


def part(found: AdmittedLive, path: str) -> Response:
    """The growing playlist, or a piece that it names."""
    if path == PLAYLIST:
        return _playlist(found)
    named = _PIECE.fullmatch(path)
    if named is None or not _belonging.get((found.playable.stream_id, UUID(named[1]))):
        raise NotFound
    playable = found.playable
    key = f"{playable.organization_id}/{playable.workspace_id}/{named[1]}/{named[2]}/{named[3]}"
    return files.send(key, found.part_cache(is_playlist=False))


def _playlist(found: AdmittedLive) -> Response:
    viewer = request.args.get("viewer", "")
    text = live_playlist.compose(on_air(found.playable))
    response = Response(text, content_type=files.TYPES["m3u8"])
    response.headers["Cache-Control"] = found.live_cache()
    if VIEWER.fullmatch(viewer):
        presence.note(found.playable, viewer, response)
    return response
