"""What pages of media show: sizes and durations in words, the player's sources, code for other sites."""

from __future__ import annotations

from typing import Any

from fastpix import links
from fastpix.resources.media.playback import Playable, preview_prefix

_SIZES = ("kB", "MB", "GB", "TB")

STRIP_PIXELS = 30


def size(count: int | None) -> str:
    """Bytes in words, such as 12.3 MB; empty for none."""
    if not count:
        return ""
    amount, unit = count / 1000, 0
    while amount >= 1000 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {_SIZES[unit]}" if amount >= 100 or unit == 0 else f"{amount:.1f} {_SIZES[unit]}"


def duration(seconds: float | None) -> str:
    """Seconds as 1:02:03 or 2:03; empty for none."""
    if seconds is None:
        return ""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def state(media: dict[str, Any]) -> str:
    """The status as people read it, with how far it is."""
    percent = media["percent"]
    return str(media["status"]) if percent is None else f"{media['status']} {percent} %"


def name(media: dict[str, Any]) -> str:
    """What to call a media: its title, else its file, else its id."""
    return str(media["title"] or media["source_name"] or media["id"])


def local(address: str) -> str:
    """The address without our own host: a page opened as 127.0.0.1 instead of localhost works too."""
    return address.removeprefix(links.to(""))


def poster(playable: Playable | None) -> str:
    """The picture of a media on pages of whoever may see it; empty where there is none."""
    if playable is None or not playable.has_poster or not playable.version:
        return ""
    return f"{local(preview_prefix(playable))}/{playable.version}/poster.jpg"


def player(media: dict[str, Any], playable: Playable | None) -> dict[str, Any] | None:
    """What `_player.html` takes; None while there is nothing to play. Works for private media and under restrictions."""
    if playable is None or not playable.version or media["status"] != "Ready":
        return None
    prefix = local(preview_prefix(playable))
    return {
        "src": f"{prefix}/master.m3u8",
        "poster": poster(playable),
        "storyboard": f"{prefix}/{playable.version}/sprite.vtt" if playable.sprite else "",
        "title": name(media),
        "is_audio_only": media["is_audio_only"],
        "width": media["width"],
        "height": media["height"],
        "captions": [
            {
                "src": f"{prefix}/tracks/{track['id']}/{track['version']}/subtitles.vtt",
                "lang": track["language_code"],
                "label": track["title"] or track["language_name"],
            }
            for track in media["tracks"]
            if track["is_added"] and track["type"] == "subtitle" and track["status"] == "available"
        ],
    }


def playback(media: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """A playback id with its addresses, the embed code and its rules in words."""
    width, height = media["width"] or 640, media["height"] or 360
    # Below the picture lies the strip of previews.
    shape = f'width="{min(width, 640)}" height="{round(min(width, 640) * height / width) + STRIP_PIXELS}"'
    shape = 'width="640" height="80"' if media["is_audio_only"] else shape
    address = links.embed(row["id"]) + ("?token=TOKEN" if row["access_policy"] == "private" else "")
    code = f'<iframe src="{address}" {shape} allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>'
    rules = row["restrictions"]
    return row | {
        "url": stream(row),
        "embed": code,
        "thumbnail": links.image(row["id"]) + ("?token=TOKEN" if row["access_policy"] == "private" else ""),
        "rules": [
            line
            for kind, word in (("domains", "sites"), ("userAgents", "programs"))
            for line in _rule(rules[kind], word)
        ],
        "downloads": [
            links.stream(f"{row['id']}/{file}")
            for file, entry in media["downloads"].items()
            if entry["status"] == "ready"
        ],
    }


def stream(row: dict[str, Any]) -> str:
    """The playlist of a playback id; a private one says where its token goes."""
    return links.stream(f"{row['id']}.m3u8") + ("?token=TOKEN" if row["access_policy"] == "private" else "")


def _rule(rule: dict[str, Any], word: str) -> list[str]:
    if rule["defaultPolicy"] == "deny":
        return [f"Only these {word}: {', '.join(rule['allow']) or 'none'}"]
    return [f"Not these {word}: {', '.join(rule['deny'])}"] if rule["deny"] else []
