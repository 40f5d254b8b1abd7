"""Thumbnails, short animations and the pictures for scrubbing (docs/fastpix-contract.md, section 8.4)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast, overload
from urllib.parse import urlencode

from flask import Blueprint, Response, json, request
from werkzeug.exceptions import NotFound

from fastpix import urls
from fastpix.delivery import authorization, file_sending, image_cache, master_playlist
from fastpix.delivery.authorization import MediaGrant
from fastpix.delivery.views import for_players
from fastpix.errors import Invalid, Missing
from fastpix.resources.media.models import Rendition, Sprite
from fastpix.storage import instance as storage
from fastpix.video import stills
from fastpix.video.datatypes import Failed

blueprint = for_players(Blueprint("images", __name__, url_prefix="/images"))

FITS = ("preserve", "stretch", "crop", "pad")
LEAST_SIDE, MOST_SIDE = 16, 1920
CLIP_WIDTH, MOST_CLIP_WIDTH = 320, 640
CLIP_SECONDS, MOST_CLIP_SECONDS = 5.0, 10.0
CLIP_FPS, MOST_CLIP_FPS = 15, 30
MOST_INTERVAL = 10


@blueprint.get("/<playback_id>/<path:name>")
def image(playback_id: str, name: str) -> Response:
    """A picture by its name; private media with `?token=`."""
    grant = authorization.media_by_token(playback_id)
    if name not in _KINDS:
        raise NotFound
    if grant.playable.is_audio_only:
        raise Missing("This media is sound alone: there are no pictures of it.")
    return _KINDS[name](grant, name.rpartition(".")[2])


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

    @overload
    def whole(self, name: str, default: int, least: int, most: int) -> int: ...

    @overload
    def whole(self, name: str, default: None, least: int, most: int) -> int | None: ...

    def whole(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """A whole number."""
        text = self._query.get(name)
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 9 and least <= int(text) <= most):
            self.refuse(name, f"Give a whole number from {least} to {most}.")
            return default
        return int(text)

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the choices, the first where none is given."""
        text = self._query.get(name) or choices[0]
        if text not in choices:
            self.refuse(name, f"Give one of {', '.join(choices)}.")
        return text

    def refuse(self, name: str, message: str) -> None:
        self._wrong.setdefault(name, message)

    def check(self) -> None:
        """Raise `Invalid` if anything was wrong."""
        for field, message in self._wrong.items():
            raise Invalid(field, message, **{n: text for n, text in self._wrong.items() if n != field})


def _thumbnail(grant: MediaGrant, kind: str) -> Response:
    query, duration = _Query(request.args), grant.playable.duration or 0.0
    at = query.seconds("time", duration / 2, duration)
    width = query.whole("width", None, LEAST_SIDE, MOST_SIDE)
    height = query.whole("height", None, LEAST_SIDE, MOST_SIDE)
    fit = query.one_of("fit_mode", FITS)
    query.check()
    rendition = _rendition(grant, width or 0, height or 0)

    def make(scratch: Path, to: Path) -> None:
        source = scratch / "source.mp4"
        begin, end = image_cache.excerpt(_stored(grant, rendition["name"]), at, at, source)
        last = end - 1.5 / (rendition["frame_rate"] or 1.0)  # at the very end there is no picture any more
        size: Any = {"width": width, "height": height, "fit": fit, "kind": kind, "to": to}
        try:
            stills.frame(source, max(0.0, min(at, last) - begin), **size)
        except Failed:  # pictures of uneven length: then the first one of these seconds, which is always there
            stills.frame(source, 0.0, **size)

    return _made(grant, kind, make, "thumbnail", rendition["name"], at, width, height, fit)


def _clip(grant: MediaGrant, kind: str) -> Response:
    query, duration = _Query(request.args), grant.playable.duration or 0.0
    start = query.seconds("start", 0.0, duration)
    end = query.seconds("end", min(duration, start + CLIP_SECONDS), duration)
    width = query.whole("width", CLIP_WIDTH, LEAST_SIDE, MOST_CLIP_WIDTH)
    fps = query.whole("fps", CLIP_FPS, 1, MOST_CLIP_FPS)
    if not start < end <= start + MOST_CLIP_SECONDS:
        query.refuse("end", f"Give an end after the start, by at most {MOST_CLIP_SECONDS:g} seconds.")
    query.check()
    rendition = _rendition(grant, width, 0)

    def make(scratch: Path, to: Path) -> None:
        source = scratch / "source.mp4"
        begin, _ = image_cache.excerpt(_stored(grant, rendition["name"]), start, end, source)
        stills.animation(source, start - begin, end - begin, width=width, fps=fps, kind=cast("Any", kind), to=to)

    return _made(grant, kind, make, "clip", rendition["name"], start, end, width, fps)


def _sheet(grant: MediaGrant, kind: str) -> Response:
    """The sheet of tiles, or where each tile of it lies."""
    return _sheet_of(grant, kind, "spritesheet.jpg", 0)


def _advanced_sheet(grant: MediaGrant, kind: str) -> Response:
    """The same sheet, with a tile every `interval` seconds where it has so many."""
    query = _Query(request.args)
    interval = query.whole("interval", MOST_INTERVAL, 1, MOST_INTERVAL)
    query.check()
    return _sheet_of(grant, kind, "advanced-spritesheet.jpg", interval)


def _sheet_of(grant: MediaGrant, kind: str, name: str, interval: int) -> Response:
    sprite = grant.playable.sprite
    if sprite is None:
        raise Missing("There are no pictures for scrubbing in this media.")
    if kind == "jpg":
        return file_sending.send(_stored(grant, stills.SPRITE), grant.stable_address_cache())
    told = {
        "url": urls.image(grant.playable.playback_id, name, token=_token(grant), interval=str(interval or "")),
        "tile_width": sprite["tile_width"],
        "tile_height": sprite["tile_height"],
        "duration": round(grant.playable.duration or 0.0, 3),
        "tiles": _tiles(sprite, max(float(interval), sprite["interval"])),
    }
    return _text(grant, json.dumps(told), "application/json")


def _tiles(sprite: Sprite, interval: float) -> list[dict[str, float]]:
    """From when on which tile is shown, and where it lies, every `interval` seconds."""
    count = math.ceil(sprite["count"] * sprite["interval"] / interval)
    chosen = [min(sprite["count"] - 1, math.floor(n * interval / sprite["interval"] + 0.001)) for n in range(count)]
    return [
        {
            "start": round(number * interval, 3),
            "x": tile % sprite["columns"] * sprite["tile_width"],
            "y": tile // sprite["columns"] * sprite["tile_height"],
        }
        for number, tile in enumerate(chosen)
    ]


def _token(grant: MediaGrant) -> str:
    """The token of the request, for addresses that it goes on to; a public media needs none."""
    return request.args.get("token", "") if grant.playable.policy != "public" else ""


def _storyboard(grant: MediaGrant, _kind: str) -> Response:
    """The cues as stored, with the sheet by its address here; the token goes on to it."""
    cues = storage.get().read_bytes(_stored(grant, stills.CUES)).decode()
    token = _token(grant)
    sheet = f"spritesheet.jpg?{urlencode({'token': token})}" if token else "spritesheet.jpg"
    return _text(grant, cues.replace(f"{stills.SPRITE}#", f"{sheet}#"), file_sending.TYPES["vtt"])


def _text(grant: MediaGrant, body: str, content_type: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = grant.stable_address_cache()
    return response


def _made(grant: MediaGrant, kind: str, make: image_cache.Make, *what: object) -> Response:
    """The picture that `what` describes, made or kept. Playback ids of one media share it; its version ends it."""
    playable = grant.playable
    digest = hashlib.sha256(repr(what).encode()).hexdigest()[:32]
    name = f"{playable.media_id}-{playable.version}-{digest}.{kind}"
    return file_sending.send_file(image_cache.get_or_make(name, make), name, grant.stable_address_cache())


def _rendition(grant: MediaGrant, width: int, height: int) -> Rendition:
    """The smallest rendition that is as large as the picture asked for, else the largest that may be shown."""
    by_size = sorted((r for r in grant.renditions if master_playlist.short_side(r)), key=master_playlist.short_side)
    if not by_size:
        raise Missing("There are no pictures in this media.")
    fitting = (r for r in by_size if r["width"] >= width and r["height"] >= height)
    return next(fitting, by_size[-1])


def _stored(grant: MediaGrant, name: str) -> str:
    return f"{grant.playable.folder}/{grant.playable.version}/{name}"


_KINDS: dict[str, Callable[[MediaGrant, str], Response]] = {
    **{f"thumbnail.{kind}": _thumbnail for kind in ("jpg", "png", "webp")},
    **{f"clip.{kind}": _clip for kind in ("gif", "webp")},
    **{f"spritesheet.{kind}": _sheet for kind in ("json", "jpg")},
    **{f"advanced-spritesheet.{kind}": _advanced_sheet for kind in ("json", "jpg")},
    "storyboard.vtt": _storyboard,
}
