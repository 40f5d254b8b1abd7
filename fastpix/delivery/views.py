"""Playlists, segments, tracks and downloads (docs/fastpix-contract.md, section 8.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from fastpix.delivery import authorization, file_sending, growing_playlist, live_playback, master_playlist, metering
from fastpix.delivery.authorization import LiveGrant, MediaGrant
from fastpix.delivery.errors import PlaybackRefused
from fastpix.video.arguments import PLAYLIST
from fastpix.video.growing import PLAYLIST_SO_FAR
from fastpix.web import envelope

blueprint = Blueprint("stream", __name__, url_prefix="/stream")

# What lies in a version's folder itself; all else is a rendition's.
PICTURES = frozenset({"poster.jpg", "sprite.jpg", "sprite.vtt"})
SOUND_ONLY = "audio.m4a"
MASTER, SUBTITLES = "master.m3u8", "subtitles.vtt"
_VERSION = re.compile(r"[0-9a-f]{4,16}")
_PATH = re.compile(r"(?:[A-Za-z0-9_-]+/){0,2}[A-Za-z0-9_-]+\.(?:m3u8|m4s|mp4|m4a|jpg|vtt)", re.ASCII)


def refuse(problem: PlaybackRefused) -> Response:
    """A refusal as players read it."""
    response = envelope.failure(problem.status, str(problem))
    if problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def answer_preflight(response: Response) -> Response:
    """Browsers ask before they send a range to another site."""
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Range"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response


def for_players(player_blueprint: Blueprint) -> Blueprint:
    """Let a blueprint refuse and answer preflights as players on other sites need it."""
    handler: Callable[[Any], Any] = refuse
    player_blueprint.register_error_handler(PlaybackRefused, handler)
    player_blueprint.after_request(answer_preflight)
    return player_blueprint


for_players(blueprint)


@blueprint.get("/<playback_id>.m3u8")
def master(playback_id: str) -> Response:
    """The master playlist; private media with `?token=`."""
    grant = authorization.by_token(playback_id)
    if isinstance(grant, LiveGrant):
        return live_playback.master(grant, grant.prefix)
    return _master(grant, grant.prefix)


@blueprint.get("/m/<expires>/<key_id>/<signature>/<playback_id>/<path:path>")
def part(expires: str, key_id: str, signature: str, playback_id: str, path: str) -> Response:
    """What a master names, and the master itself, inside a prefix."""
    grant = authorization.by_prefix(playback_id, expires, key_id, signature)
    if isinstance(grant, LiveGrant):
        return live_playback.master(grant, "") if path == MASTER else live_playback.part(grant, path)
    if path == MASTER:
        return _master(grant, "")
    key = _key(grant, path)
    if grant.is_growing and key.endswith(f"/{PLAYLIST}"):
        return growing_playlist.answer(key, grant.live_cache())
    answer = file_sending.send(key, grant.part_cache(is_playlist=path.endswith(".m3u8")))
    return metering.segment(grant, answer, _seconds(grant, path, key)) if path.endswith(".m4s") else answer


@blueprint.get("/<playback_id>/text/<uuid:track_id>.vtt")
def text(playback_id: str, track_id: UUID) -> Response:
    """Subtitles of a media as one WebVTT file, by the track's id."""
    grant = authorization.media_by_token(playback_id)
    track = next((t for t in grant.playable.tracks if t["id"] == track_id and t["type"] == "subtitle"), None)
    if track is None:
        raise NotFound
    key = f"{grant.playable.folder}/tracks/{track_id}/{track['version']}/{SUBTITLES}"
    return file_sending.send(key, grant.stable_address_cache())


@blueprint.get("/<playback_id>/<path:name>")
def download(playback_id: str, name: str) -> Response:
    """A whole file, of media with mp4Support."""
    grant = authorization.media_by_token(playback_id)
    if not _is_downloadable(grant, name):
        raise NotFound
    return file_sending.send(f"{grant.playable.folder}/{grant.playable.version}/{name}", grant.stable_address_cache())


def _master(grant: MediaGrant, prefix: str) -> Response:
    selection = master_playlist.selection(request.args)
    playable = grant.playable
    before = f"{prefix}/" if prefix else ""
    text = master_playlist.master(
        master_playlist.selected(grant.renditions, selection),
        # Added tracks are as long as the whole, which is not there yet.
        [] if grant.is_growing else playable.tracks,
        version_uri=f"{before}{playable.version}",
        tracks_uri=f"{before}tracks",
    )
    response = Response(text, content_type=file_sending.TYPES["m3u8"])
    response.headers["Cache-Control"] = grant.playlist_cache()
    metering.start(grant)
    return response


def _seconds(grant: MediaGrant, path: str, key: str) -> float:
    """How long a segment is: as much of the media as its bytes are of its rendition, which over all of them is exact.

    Of what grows the playlist says it. An added track has none: its sound goes out beside a picture that is counted.
    """
    if grant.is_growing:
        return growing_playlist.seconds(key)
    folder = path.split("/", 2)[1]
    for rendition in grant.renditions:
        if rendition["name"] == folder and path.startswith(grant.playable.version) and rendition["size"]:
            return (grant.playable.duration or 0.0) * min(1.0, file_sending.size(key) / rendition["size"])
    return 0.0


def _key(grant: MediaGrant, path: str) -> str:
    """The storage key of a path inside the prefix. Whatever is not named by a playlist of this media is not there."""
    playable = grant.playable
    first, _, rest = path.partition("/")
    if first == "tracks":
        track_id, _, rest = rest.partition("/")
        version, _, rest = rest.partition("/")
        # Captions that were changed a moment ago: players have the address before, other processes do not know the one
        # after. Of both the files are there; of a version that is not, there is nothing.
        is_known = any(str(t["id"]) == track_id for t in playable.tracks) and bool(_VERSION.fullmatch(version))
    else:
        is_known = first == playable.version and _is_shown(grant, rest)
    if not is_known or rest.endswith(PLAYLIST_SO_FAR) or not _PATH.fullmatch(rest):
        raise NotFound
    return f"{playable.folder}/{path}"


def _is_shown(grant: MediaGrant, path: str) -> bool:
    """Whether this playback id shows that file of the version: its renditions, pictures, and downloads that exist."""
    folder, slash, _ = path.partition("/")
    if slash:
        return any(folder == rendition["name"] for rendition in grant.renditions)
    return path in PICTURES or _is_downloadable(grant, path)


def _is_downloadable(grant: MediaGrant, name: str) -> bool:
    """A film is as large as the largest rendition: not for a playback id that hides that one."""
    return name in grant.playable.downloads and (name == SOUND_ONLY or grant.is_whole)
