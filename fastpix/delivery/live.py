"""Live streams as viewers get them: master, growing playlist, pieces; under the same rules as media."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import NotFound

from fastpix import seal
from fastpix.db import db
from fastpix.delivery import counting, files, known, live_playlist, playlists, presence
from fastpix.delivery.admission import AdmittedLive
from fastpix.delivery.kept import Kept
from fastpix.delivery.live_playlist import INIT
from fastpix.delivery.refusals import NotReady
from fastpix.resources.live_streams import playback
from fastpix.resources.live_streams.playback import LivePlayable, OnAir

# A piece is two seconds long: what was known half a second ago is still true enough, and asked once for all viewers.
SECONDS = 0.5
# A piece whose broadcast is over is taken to be as long as most.
TYPICAL_SECONDS = 2.0
PLAYLIST = "live/index.m3u8"
NOT_ON_AIR = "This live stream is not on air, so it is not ready to play. Try again later."
# A random name and the beginning of its signature: nobody is counted who did not ask for a master.
VIEWER = re.compile(r"([A-Za-z0-9_-]{12})([A-Za-z0-9_-]{8})", re.ASCII)
_ID = known.ID.pattern
_PIECE = re.compile(rf"live/({_ID})/({_ID})/(init\.mp4|s[0-9]{{5,9}}\.m4s)", re.ASCII)


def _load(stream_id: str) -> tuple[OnAir, str] | None:
    """What is out, and its playlist: composed once for all who ask in this half second."""
    try:
        found = playback.on_air(stream_id)
    finally:
        db.session.rollback()  # the connection goes back now
    return (found, live_playlist.compose(found)) if found else None


def _load_visible(key: tuple[str, UUID]) -> Mapping[UUID, str]:
    try:
        return playback.visible(*key)
    finally:
        db.session.rollback()


def _load_length(stream_id: str) -> float:
    now = _on_air.get(stream_id)
    return sum(piece.seconds for piece in now[0].pieces) / len(now[0].pieces) if now else TYPICAL_SECONDS


_on_air: Kept[str, tuple[OnAir, str] | None] = Kept(_load, seconds=SECONDS, most=known.MOST)
_lengths: Kept[str, float] = Kept(_load_length, seconds=10, most=known.MOST)
_visible: Kept[tuple[str, UUID], Mapping[UUID, str]] = Kept(_load_visible, seconds=SECONDS, most=known.MOST)


def forget() -> None:
    """Forget everything. Called when the application is configured."""
    _on_air.clear()
    _lengths.clear()
    _visible.clear()


def on_air(playable: LivePlayable) -> tuple[OnAir, str]:
    """What is out just now, or was a few minutes ago, and its playlist. Raises `NotReady`."""
    found = _on_air.get(playable.stream_id)
    if found is None:
        raise NotReady(NOT_ON_AIR)
    return found


def master(found: AdmittedLive, prefix: str) -> Response:
    """The master playlist: one rendition, as the encoder sends it. Each answer names its viewer anew."""
    now, _ = on_air(found.playable)
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
    text = playlists.master(
        shown, (), version_uri=here, tracks_uri=here, query=f"?viewer={_new_viewer(found.playable)}"
    )
    response = Response(text, content_type=files.TYPES["m3u8"])
    response.headers["Cache-Control"] = "no-store" if found.is_public else "private, no-store"
    counting.start(found)
    return response


def part(found: AdmittedLive, path: str) -> Response:
    """The growing playlist, or a piece that it names."""
    if path == PLAYLIST:
        return _playlist(found)
    named, playable = _PIECE.fullmatch(path), found.playable
    if named is None:
        raise NotFound
    first = _visible.get((playable.stream_id, UUID(named[1]))).get(UUID(named[2]))
    if first is None or (named[3] != INIT and named[3] < first):
        raise NotFound
    key = f"{playable.organization_id}/{playable.workspace_id}/{named[1]}/{named[2]}/{named[3]}"
    answer = files.send(key, found.part_cache(is_playlist=False))
    return answer if named[3] == INIT else counting.piece(found, answer, _lengths.get(playable.stream_id))


def _playlist(found: AdmittedLive) -> Response:
    viewer = request.args.get("viewer", "")
    _, text = on_air(found.playable)
    response = Response(text, content_type=files.TYPES["m3u8"])
    response.headers["Cache-Control"] = found.live_cache()
    if _is_viewer(found.playable, viewer):
        presence.note(found.playable, viewer, response)
    return response


def _new_viewer(playable: LivePlayable) -> str:
    name = secrets.token_urlsafe(9)
    return f"{name}{_signature(playable, name)}"


def _is_viewer(playable: LivePlayable, text: str) -> bool:
    parts = VIEWER.fullmatch(text)
    return parts is not None and hmac.compare_digest(parts[2], _signature(playable, parts[1]))


def _signature(playable: LivePlayable, name: str) -> str:
    return seal.sign("viewer", playable.stream_id, name)[:8]
