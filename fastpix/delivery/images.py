"""Thumbnails, short animations and the pictures for scrubbing (contract section 8)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, json, request
from werkzeug.exceptions import NotFound

from fastpix.delivery import admission, files, making, playlists
from fastpix.delivery.admission import Admitted
from fastpix.delivery.views import for_players
from fastpix.errors import Invalid, Missing
from fastpix.storage import instance as storage
from fastpix.video import stills
from fastpix.video.facts import Failed

blueprint = for_players(Blueprint("images", __name__, url_prefix="/images"))

FITS = ("preserve", "stretch", "crop", "pad")
LEAST_SIDE, MOST_SIDE = 16, 1920
CLIP_WIDTH, MOST_CLIP_WIDTH = 320, 640
CLIP_SECONDS, MOST_CLIP_SECONDS = 5.0, 10.0
CLIP_FPS, MOST_CLIP_FPS = 15, 30


@blueprint.get("/<playback_id>/<path:name>")
def image(playback_id: str, name: str) -> Response:
    """A picture by its name; private media with `?token=`."""
    found = admission.media_by_token(playback_id)
    if name not in _KINDS:
        raise NotFound
    if found.playable.is_audio_only:
        raise Missing("This media is sound alone: there are no pictures of it.")
    return _KINDS[name](found, name.rpartition(".")[2])


class _Query:
    """Reads numbers of the query and notes what is wrong with them, so that all of it is said at once."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query, self._wrong = query, dict[str, str]()

    def seconds(self, name: str, default: float, most: float) -> float:
        """Seconds from 0 to `most`."""
        try:
            value = float(self._query.get(name) or default)
        except ValueError:
            value = math.nan
        if not 0 <= value <= most:
            self.refuse(name, f"Give seconds from 0 to {most:g}.")
            return default
        return round(value, 2)  # a hundredth: two requests a hair apart are the same picture

    def whole(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """A whole number."""
        text = self._query.get(name)
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 9 and least <= int(text) <= most):
            self.refuse(name, f"Give a whole number from {least} to {most}.")
            return default
        return int(text)

    def one_of(self, name: str, known: tuple[str, ...]) -> str:
        """One of the known words, the first where none is given."""
        text = self._query.get(name) or known[0]
        if text not in known:
            self.refuse(name, f"Give one of {', '.join(known)}.")
        return text

    def refuse(self, name: str, message: str) -> None:
        self._wrong.setdefault(name, message)

    def check(self) -> None:
        """Raise `Invalid` if anything was wrong."""
        for field, message in self._wrong.items():
            raise Invalid(field, message, **{n: text for n, text in self._wrong.items() if n != field})


def _thumbnail(found: Admitted, kind: str) -> Response:
    query, duration = _Query(request.args), found.playable.duration or 0.0
    at = query.seconds("time", duration / 2, duration)
    width = query.whole("width", None, LEAST_SIDE, MOST_SIDE)
    height = query.whole("height", None, LEAST_SIDE, MOST_SIDE)
    fit = query.one_of("fit_mode", FITS)
    query.check()
    rendition = _rendition(found, width or 0, height or 0)

    def make(scratch: Path, to: Path) -> None:
        source = scratch / "source.mp4"
        begin, end = making.excerpt(_stored(found, rendition["name"]), at, at, source)
        last = end - 1.5 / (rendition["frame_rate"] or 1.0)  # at the very end there is no picture any more
        size: Any = {"width": width, "height": height, "fit": fit, "kind": kind, "to": to}
        try:
            stills.frame(source, max(0.0, min(at, last) - begin), **size)
        except Failed:  # pictures of uneven length: then the first one of these seconds, which is always there
            stills.frame(source, 0.0, **size)

    return _made(found, kind, make, "thumbnail", rendition["name"], at, width, height, fit)


def _clip(found: Admitted, kind: str) -> Response:
    query, duration = _Query(request.args), found.playable.duration or 0.0
    start = query.seconds("start", 0.0, duration)
    end = query.seconds("end", min(duration, start + CLIP_SECONDS), duration)
    width = cast("int", query.whole("width", CLIP_WIDTH, LEAST_SIDE, MOST_CLIP_WIDTH))
    fps = cast("int", query.whole("fps", CLIP_FPS, 1, MOST_CLIP_FPS))
    if not start < end <= start + MOST_CLIP_SECONDS:
        query.refuse("end", f"Give an end after the start, by at most {MOST_CLIP_SECONDS:g} seconds.")
    query.check()
    rendition = _rendition(found, width, 0)

    def make(scratch: Path, to: Path) -> None:
        source = scratch / "source.mp4"
        begin, _ = making.excerpt(_stored(found, rendition["name"]), start, end, source)
        stills.animation(source, start - begin, end - begin, width=width, fps=fps, kind=cast("Any", kind), to=to)

    return _made(found, kind, make, "clip", rendition["name"], start, end, width, fps)


def _sheet(found: Admitted, kind: str) -> Response:
    """The sheet of tiles, or where each tile of it lies: {tile_width, tile_height, tiles: [{start, x, y}]}."""
    sprite = found.playable.sprite
    if sprite is None:
        raise Missing("There are no pictures for scrubbing in this media.")
    if kind == "jpg":
        return files.send(_stored(found, stills.SPRITE), found.asked_cache())
    width, height = sprite["tile_width"], sprite["tile_height"]
    tiles = [
        {
            "start": round(number * sprite["interval"], 3),
            "x": number % sprite["columns"] * width,
            "y": number // sprite["columns"] * height,
        }
        for number in range(sprite["count"])
    ]
    body = json.dumps({"tile_width": width, "tile_height": height, "tiles": tiles})
    return _text(found, body, "application/json")


def _storyboard(found: Admitted, _kind: str) -> Response:
    """The cues as stored, with the sheet by its address here; the token goes on to it."""
    cues = storage.get().read_bytes(_stored(found, stills.CUES)).decode()
    token = request.args.get("token", "") if found.playable.policy != "public" else ""
    sheet = f"spritesheet.jpg?{urlencode({'token': token})}" if token else "spritesheet.jpg"
    return _text(found, cues.replace(f"{stills.SPRITE}#", f"{sheet}#"), files.TYPES["vtt"])


def _text(found: Admitted, body: str, content_type: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = found.asked_cache()
    return response


def _made(found: Admitted, kind: str, make: making.Make, *what: object) -> Response:
    """The picture that `what` describes, made or kept. Playback ids of one media share it; its version ends it."""
    playable = found.playable
    told = hashlib.sha256(repr(what).encode()).hexdigest()[:32]
    name = f"{playable.media_id}-{playable.version}-{told}.{kind}"
    return files.send_file(making.kept(name, make), name, found.asked_cache())


def _rendition(found: Admitted, width: int, height: int) -> Mapping[str, Any]:
    """The smallest rendition that is as large as the picture asked for, else the largest that may be shown."""
    by_size = sorted((r for r in found.renditions if playlists.short_side(r)), key=playlists.short_side)
    if not by_size:
        raise Missing("There are no pictures in this media.")
    fitting = (r for r in by_size if r["width"] >= width and r["height"] >= height)
    return next(fitting, by_size[-1])


def _stored(found: Admitted, name: str) -> str:
    return f"{found.playable.folder}/{found.playable.version}/{name}"


_KINDS: dict[str, Callable[[Admitted, str], Response]] = {
    **{f"thumbnail.{kind}": _thumbnail for kind in ("jpg", "png", "webp")},
    **{f"clip.{kind}": _clip for kind in ("gif", "webp")},
    **{f"spritesheet.{kind}": _sheet for kind in ("json", "jpg")},
    "storyboard.vtt": _storyboard,
}
