"""Playlists, segments, tracks and downloads (contract section 8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from fastpix.delivery import admission, counting, files, live, playlists
from fastpix.delivery.admission import Admitted, AdmittedLive
from fastpix.delivery.refusals import Withheld
from fastpix.web import envelope

blueprint = Blueprint("stream", __name__, url_prefix="/stream")

# What lies in a version's folder itself; all else is a rendition's.
PICTURES = frozenset({"poster.jpg", "sprite.jpg", "sprite.vtt"})
SOUND_ONLY = "audio.m4a"
MASTER = "master.m3u8"
_PATH = re.compile(r"(?:[A-Za-z0-9_-]+/){0,2}[A-Za-z0-9_-]+\.(?:m3u8|m4s|mp4|m4a|jpg|vtt)", re.ASCII)


def refuse(problem: Withheld) -> Response:
    """A refusal as players read it."""
    return envelope.failure(problem.status, str(problem))


def answer_preflight(response: Response) -> Response:
    """Browsers ask before they send a range to another site."""
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Range"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response


def for_players(given: Blueprint) -> Blueprint:
    """Let a blueprint refuse and answer preflights as players on other sites need it."""
    handler: Callable[[Any], Any] = refuse
    given.register_error_handler(Withheld, handler)
    given.after_request(answer_preflight)
    return given


for_players(blueprint)


@blueprint.get("/<playback_id>.m3u8")
def master(playback_id: str) -> Response:
    """The master playlist; private media with `?token=`."""
    found = admission.by_token(playback_id)
    if isinstance(found, AdmittedLive):
        return live.master(found, found.prefix)
    return _master(found, found.prefix)


@blueprint.get("/m/<expires>/<key_id>/<signature>/<playback_id>/<path:path>")
def part(expires: str, key_id: str, signature: str, playback_id: str, path: str) -> Response:
    """What a master names, and the master itself, inside a prefix."""
    found = admission.by_prefix(playback_id, expires, key_id, signature)
    if isinstance(found, AdmittedLive):
        return live.master(found, "") if path == MASTER else live.part(found, path)
    if path == MASTER:
        return _master(found, "")
    key = _key(found, path)
    answer = files.send(key, found.part_cache(is_playlist=path.endswith(".m3u8")))
    return counting.piece(found, answer, _seconds(found, path, key)) if path.endswith(".m4s") else answer


@blueprint.get("/<playback_id>/<path:name>")
def download(playback_id: str, name: str) -> Response:
    """A whole file, of media with mp4Support."""
    found = admission.media_by_token(playback_id)
    if not _is_downloadable(found, name):
        raise NotFound
    return files.send(f"{found.playable.folder}/{found.playable.version}/{name}", found.asked_cache())


def _master(found: Admitted, prefix: str) -> Response:
    wish = playlists.choice(request.args)
    playable = found.playable
    before = f"{prefix}/" if prefix else ""
    text = playlists.master(
        playlists.chosen(found.renditions, wish),
        playable.tracks,
        version_uri=f"{before}{playable.version}",
        tracks_uri=f"{before}tracks",
    )
    response = Response(text, content_type=files.TYPES["m3u8"])
    response.headers["Cache-Control"] = found.playlist_cache()
    counting.start(found)
    return response


def _seconds(found: Admitted, path: str, key: str) -> float:
    """How long a segment is: as much of the media as its bytes are of its rendition, which over all of them is exact.

    An added track has none: its sound goes out beside a picture that is counted.
    """
    folder = path.split("/", 2)[1]
    for rendition in found.renditions:
        if rendition["name"] == folder and path.startswith(found.playable.version) and rendition["size"]:
            return (found.playable.duration or 0.0) * min(1.0, files.size(key) / int(rendition["size"]))
    return 0.0


def _key(found: Admitted, path: str) -> str:
    """The storage key of a path inside the prefix. Whatever is not named by a playlist of this media is not there."""
    playable = found.playable
    first, _, rest = path.partition("/")
    if first == "tracks":
        track_id, _, rest = rest.partition("/")
        version, _, rest = rest.partition("/")
        is_known = any(str(t["id"]) == track_id and t["version"] == version and version for t in playable.tracks)
    else:
        is_known = first == playable.version and _is_shown(found, rest)
    if not is_known or not _PATH.fullmatch(rest):
        raise NotFound
    return f"{playable.folder}/{path}"


def _is_shown(found: Admitted, path: str) -> bool:
    """Whether this playback id shows that file of the version: its renditions, pictures, and downloads that exist."""
    folder, slash, _ = path.partition("/")
    if slash:
        return any(folder == rendition["name"] for rendition in found.renditions)
    return path in PICTURES or _is_downloadable(found, path)


def _is_downloadable(found: Admitted, name: str) -> bool:
    """A film is as large as the largest rendition: not for a playback id that hides that one."""
    return name in found.playable.downloads and (name == SOUND_ONLY or found.is_whole)
