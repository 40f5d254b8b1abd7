"""Live streams as viewers get them: master, growing playlist, segments; under the same rules as media."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import NotFound

from fastpix.crypto import seal
from fastpix.db import db
from fastpix.delivery import (
    file_sending,
    live_media_playlist,
    live_picture,
    lookup,
    master_playlist,
    metering,
    viewer_counts,
)
from fastpix.delivery.authorization import LiveGrant
from fastpix.delivery.errors import NotReady
from fastpix.delivery.live_media_playlist import INIT
from fastpix.delivery.ttl_cache import TtlCache
from fastpix.resources.live_streams import playback
from fastpix.resources.live_streams.playback import LivePlayable, OnAir
from fastpix.resources.media.models import Rendition

# A segment is two seconds long: what was known half a second ago is still true enough, and asked once for all viewers.
SECONDS = 0.5
# A segment whose broadcast is over is taken to be as long as most.
TYPICAL_SECONDS = 2.0
PLAYLIST, PICTURE = "live/index.m3u8", "live/now.jpg"
# While viewers wait for the first one, so long.
BEGINNING_SECONDS = 0.1
BEGINS = "This live stream begins in a moment: its encoder has connected, and nothing is ready to play yet. Try again."
NOT_ON_AIR = "This live stream is not on air, so it is not ready to play. Try again later."
# A random name and the beginning of its signature: nobody is counted who did not ask for a master.
VIEWER = re.compile(r"([A-Za-z0-9_-]{12})([A-Za-z0-9_-]{8})", re.ASCII)
_ID = lookup.ID.pattern
_SEGMENT = re.compile(rf"live/({_ID})/({_ID})/(init\.mp4|s[0-9]{{5,9}}\.m4s)", re.ASCII)


def _load(stream_id: str) -> tuple[OnAir, str] | None:
    """What is out, and its playlist: composed once for all who ask in this half second."""
    try:
        broadcast = playback.on_air(stream_id)
    finally:
        db.session.rollback()  # the connection goes back now
    return (broadcast, live_media_playlist.compose(broadcast)) if broadcast else None


def _load_visible(key: tuple[str, UUID]) -> Mapping[UUID, str]:
    try:
        return playback.visible(*key)
    finally:
        db.session.rollback()


def _load_has_encoder(stream_id: str) -> bool:
    try:
        return playback.has_encoder(stream_id)
    finally:
        db.session.rollback()


def _load_typical_seconds(stream_id: str) -> float:
    broadcast = _on_air.get(stream_id)
    return (
        sum(segment.seconds for segment in broadcast[0].segments) / len(broadcast[0].segments)
        if broadcast
        else TYPICAL_SECONDS
    )


_on_air: TtlCache[str, tuple[OnAir, str] | None] = TtlCache(_load, seconds=SECONDS, most=lookup.MOST)
_beginning: TtlCache[str, tuple[OnAir, str] | None] = TtlCache(_load, seconds=BEGINNING_SECONDS, most=lookup.MOST)
_has_encoder: TtlCache[str, bool] = TtlCache(_load_has_encoder, seconds=SECONDS, most=lookup.MOST)
_typical_seconds: TtlCache[str, float] = TtlCache(_load_typical_seconds, seconds=10, most=lookup.MOST)
_visible: TtlCache[tuple[str, UUID], Mapping[UUID, str]] = TtlCache(_load_visible, seconds=SECONDS, most=lookup.MOST)


def on_air(playable: LivePlayable) -> tuple[OnAir, str]:
    """What is on air just now, or was a few minutes ago, and its playlist. Raises `NotReady`."""
    cached = _on_air.get(playable.stream_id)
    if cached is None and not _has_encoder.get(playable.stream_id):
        raise NotReady(NOT_ON_AIR)
    cached = cached or _beginning.get(playable.stream_id)
    if cached is None:
        raise NotReady(BEGINS, is_soon=True)
    return cached


def master(grant: LiveGrant, prefix: str) -> Response:
    """The master playlist: one rendition, as the encoder sends it. Each answer names its viewer anew."""
    broadcast, _ = on_air(grant.playable)
    rendition: Rendition = {
        "name": "live",
        "width": broadcast.width,
        "height": broadcast.height,
        "bandwidth": broadcast.rates.bandwidth,
        "average_bandwidth": broadcast.rates.average_bandwidth,
        "codecs": broadcast.codecs,
        "frame_rate": broadcast.rates.frame_rate,
        "size": 0,
    }
    renditions = master_playlist.selected([rendition], master_playlist.selection(request.args))
    prefix_uri = prefix or "."
    text = master_playlist.master(
        renditions, (), version_uri=prefix_uri, tracks_uri=prefix_uri, query=f"?viewer={_new_viewer(grant.playable)}"
    )
    response = Response(text, content_type=file_sending.TYPES["m3u8"])
    response.headers["Cache-Control"] = "no-store" if grant.is_public else "private, no-store"
    metering.start(grant)
    return response


def part(grant: LiveGrant, path: str) -> Response:
    """The growing playlist, a segment that it names, or the picture of now."""
    if path == PLAYLIST:
        return _playlist(grant)
    if path == PICTURE:
        return live_picture.answer(grant, on_air(grant.playable)[0])
    match, playable = _SEGMENT.fullmatch(path), grant.playable
    if match is None:
        raise NotFound
    first_visible = _visible.get((playable.stream_id, UUID(match[1]))).get(UUID(match[2]))
    if first_visible is None or (match[3] != INIT and match[3] < first_visible):
        raise NotFound
    key = f"{playable.organization_id}/{playable.workspace_id}/{match[1]}/{match[2]}/{match[3]}"
    answer = file_sending.send(key, grant.part_cache(is_playlist=False))
    return answer if match[3] == INIT else metering.segment(grant, answer, _typical_seconds.get(playable.stream_id))


def _playlist(grant: LiveGrant) -> Response:
    viewer = request.args.get("viewer", "")
    _, text = on_air(grant.playable)
    response = Response(text, content_type=file_sending.TYPES["m3u8"])
    response.headers["Cache-Control"] = grant.live_cache()
    if _is_viewer(grant.playable, viewer):
        viewer_counts.note(grant.playable, viewer, response)
    return response


def _new_viewer(playable: LivePlayable) -> str:
    name = secrets.token_urlsafe(9)
    return f"{name}{_signature(playable, name)}"


def _is_viewer(playable: LivePlayable, text: str) -> bool:
    parts = VIEWER.fullmatch(text)
    return parts is not None and hmac.compare_digest(parts[2], _signature(playable, parts[1]))


def _signature(playable: LivePlayable, name: str) -> str:
    return seal.sign("viewer", playable.stream_id, name)[:8]
