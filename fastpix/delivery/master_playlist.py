"""The master playlist (RFC 8216), composed for each playback id from what was measured of the real segments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastpix.errors import Invalid
from fastpix.resources.media.models import Rendition
from fastpix.resources.media.playback import PlayableTrack

_HEIGHT = re.compile(r"([1-9][0-9]{2,3})p", re.ASCII)
AUDIO_GROUP, SUBTITLE_GROUP = "sound", "text"


@dataclass(frozen=True)
class Selection:
    """What the query asks for. Heights count the short side, as in "720p"."""

    least: int | None = None
    most: int | None = None
    exactly: int | None = None
    is_descending: bool = False


def selection(query: Mapping[str, str]) -> Selection:
    """The query of a master playlist. Raises `Invalid` with every bad field, named as the published player does."""
    wrong: dict[str, str] = {}
    heights: dict[str, int | None] = {}
    for name in ("minResolution", "maxResolution", "resolution"):
        match = _HEIGHT.fullmatch(query.get(name) or "")
        heights[name] = int(match[1]) if match else None
        if query.get(name) and not match:
            wrong[name] = "Give a resolution such as 720p."
    least, most = heights["minResolution"], heights["maxResolution"]
    if least is not None and most is not None and least > most:
        wrong["minResolution"] = "This is more than maxResolution."
    order = query.get("renditionOrder") or "asc"
    if order not in ("asc", "desc"):
        wrong["order"] = "Give asc or desc."
    if wrong:
        field, message = next(iter(wrong.items()))
        raise Invalid(field, message, **{name: text for name, text in wrong.items() if name != field})
    return Selection(least, most, heights["resolution"], order == "desc")


def short_side(rendition: Rendition) -> int:
    """What "720p" counts; 0 for sound."""
    return min(rendition["width"], rendition["height"])


def capped(renditions: Iterable[Rendition], max_height: int | None) -> list[Rendition]:
    """What a playback id may show at all."""
    return [r for r in renditions if max_height is None or short_side(r) <= max_height]


def selected(renditions: Sequence[Rendition], selection: Selection) -> list[Rendition]:
    """The renditions in the order asked for. Raises `Invalid` where the query leaves none.

    A `most` below the smallest is a hint: players ask so to save bytes, and get the smallest there is.
    """
    smallest = min(map(short_side, renditions), default=0)
    if selection.most is not None and selection.exactly is None:
        selection = replace(selection, most=max(selection.most, smallest))
    remaining = [r for r in renditions if not short_side(r) or _fits(short_side(r), selection)]
    if not remaining:
        field = "resolution" if selection.exactly else "maxResolution" if selection.most else "minResolution"
        there = ", ".join(f"{height}p" for height in sorted({short_side(r) for r in renditions}))
        raise Invalid(field, f"There is none such. This media has {there}.")
    return sorted(remaining, key=lambda r: (short_side(r), r["bandwidth"]), reverse=selection.is_descending)


def master(
    renditions: Sequence[Rendition],
    tracks: Sequence[PlayableTrack],
    *,
    version_uri: str,
    tracks_uri: str,
    query: str = "",
) -> str:
    """The playlist. The two addresses are those of the media's version and of its added tracks, without a last slash;
    `query` goes behind those of the renditions."""
    audio_tracks = [t for t in tracks if t["type"] == "audio"]
    subtitle_tracks = [t for t in tracks if t["type"] == "subtitle"]
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    has_audio = any("mp4a" in r["codecs"] for r in renditions)
    names: set[str] = set()
    if audio_tracks and has_audio:
        # Without an address it is the sound that the variants carry themselves (RFC 8216, 4.3.4.2.1).
        lines.append(_media("AUDIO", AUDIO_GROUP, _unique("Default", names), "", is_default=True, uri=""))
    for number, track in enumerate(audio_tracks):
        is_default = not has_audio and number == 0
        lines.append(_track("AUDIO", AUDIO_GROUP, track, names, is_default, tracks_uri))
    names = set()
    lines += [_track("SUBTITLES", SUBTITLE_GROUP, track, names, False, tracks_uri) for track in subtitle_tracks]
    for rendition in renditions:
        lines += [
            _variant(rendition, audio_tracks, bool(subtitle_tracks)),
            f"{version_uri}/{rendition['name']}/index.m3u8{query}",
        ]
    return "\n".join(lines) + "\n"


def _fits(height: int, selection: Selection) -> bool:
    return (
        (selection.least is None or height >= selection.least)
        and (selection.most is None or height <= selection.most)
        and (selection.exactly is None or height == selection.exactly)
    )


def _variant(rendition: Rendition, audio_tracks: Sequence[PlayableTrack], has_subtitles: bool) -> str:
    codecs = [name for name in rendition["codecs"].split(",") if name]
    extra = max((_details(t).get("bandwidth") or 0 for t in audio_tracks), default=0)
    extra_average = max((_details(t).get("average_bandwidth") or 0 for t in audio_tracks), default=0)
    for track in audio_tracks:
        codecs += [name for name in [_details(track).get("codecs") or "mp4a.40.2"] if name not in codecs]
    parts = [
        f"BANDWIDTH={rendition['bandwidth'] + extra}",
        f"AVERAGE-BANDWIDTH={rendition['average_bandwidth'] + extra_average}",
        f'CODECS="{",".join(codecs)}"',
    ]
    if rendition["width"] and rendition["height"]:
        parts.append(f"RESOLUTION={rendition['width']}x{rendition['height']}")
    if rendition["frame_rate"]:
        parts.append(f"FRAME-RATE={rendition['frame_rate']:.3f}")
    if audio_tracks:
        parts.append(f'AUDIO="{AUDIO_GROUP}"')
    if has_subtitles:
        parts.append(f'SUBTITLES="{SUBTITLE_GROUP}"')
    parts.append("CLOSED-CAPTIONS=NONE")
    return "#EXT-X-STREAM-INF:" + ",".join(parts)


def _track(kind: str, group: str, track: PlayableTrack, names: set[str], is_default: bool, tracks_uri: str) -> str:
    name = _unique(track["title"] or track["language_name"] or track["language_code"] or kind.title(), names)
    uri = f"{tracks_uri}/{track['id']}/{track['version']}/index.m3u8"
    return _media(kind, group, name, track["language_code"], is_default=is_default, uri=uri)


def _media(kind: str, group: str, name: str, language: str, *, is_default: bool, uri: str) -> str:
    parts = [f"TYPE={kind}", f'GROUP-ID="{group}"', f'NAME="{_quoted(name)}"']
    if language:
        parts.append(f'LANGUAGE="{_quoted(language)}"')
    parts += [f"DEFAULT={'YES' if is_default else 'NO'}", "AUTOSELECT=YES"]
    if kind == "SUBTITLES":
        parts.append("FORCED=NO")
    if uri:
        parts.append(f'URI="{uri}"')
    return "#EXT-X-MEDIA:" + ",".join(parts)


def _details(track: PlayableTrack) -> Mapping[str, Any]:
    return track.get("details") or {}


def _unique(name: str, names: set[str]) -> str:
    """Names must differ within a group."""
    free_name = next(n for n in (name, *(f"{name} {number}" for number in range(2, len(names) + 3))) if n not in names)
    names.add(free_name)
    return free_name


def _quoted(text: str) -> str:
    """A quoted string has no quotes and no line ends: a title must not become a line of its own."""
    return " ".join(re.sub(r'["\x00-\x1f\x7f\u2028\u2029]', " ", text).split())
