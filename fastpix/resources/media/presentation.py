"""What pages of media show: sizes and durations in words, the player's sources, code for other sites."""

from __future__ import annotations

from typing import Any

from fastpix.resources.media import playback
from fastpix.resources.media.lifecycle import READY
from fastpix.resources.media.models import CLIP, RECORDING, UPLOAD, URL, MediaRow
from fastpix.resources.media.playback import Playable
from fastpix.resources.media.tracks.rules import AVAILABLE
from fastpix.resources.playback_ids.presentation import Played, local, playlist
from fastpix.resources.playback_ids.signed_urls import preview_prefix

SOURCES = {
    UPLOAD: "Upload",
    URL: "Fetched from an address",
    CLIP: "Clip of another media",
    RECORDING: "Recorded from a live stream",
}
_SIZES = ("kB", "MB", "GB", "TB")


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


def state(media: MediaRow) -> str:
    """The status as people read it, with how far it is."""
    percent = media["percent"]
    return str(media["status"]) if percent is None else f"{media['status']} {percent} %"


def changing_parts(media: MediaRow) -> list[str]:
    """What of the media's page may change after it is Ready, in words that are compared: tracks, downloads, and what plays."""
    parts = sorted(f"{each['id']}{each['status']}" for each in media["tracks"])
    parts += sorted(f"{name}{file['status']}" for name, file in media["downloads"].items())
    return [*parts, media["version"] or ""]  # another version plays other bytes; with none, nothing plays


def name(media: MediaRow) -> str:
    """What to call a media: its title, else its file, else its id."""
    return str(media["title"] or media["source_name"] or media["id"])


def poster(playable: Playable | None) -> str:
    """The picture of a media on pages of whoever may see it; empty where there is none."""
    if playable is None or not playable.has_poster or not playable.version:
        return ""
    return f"{local(preview_prefix(playable))}/{playable.version}/poster.jpg"


def player(media: MediaRow, playable: Playable | None) -> dict[str, Any] | None:
    """What `_player.html` takes; None while there is nothing to play. Works for private media and under restrictions."""
    if playable is None or not playable.version or not (media["status"] == READY or playable.is_growing):
        return None
    prefix = local(preview_prefix(playable))
    return {
        "src": f"{prefix}/master.m3u8",
        "poster": poster(playable),
        "storyboard": f"{prefix}/{playable.version}/sprite.vtt" if playable.sprite else "",
        "title": name(media),
        "is_audio_only": media["is_audio_only"],
        "is_growing": playable.is_growing,
        "width": media["width"],
        "height": media["height"],
        "captions": [
            {
                "id": track["id"],
                "src": f"{prefix}/tracks/{track['id']}/{track['version']}/subtitles.vtt",
                "lang": track["language_code"],
                "label": track["title"] or track["language_name"],
            }
            for track in media["tracks"]
            if track["is_added"] and track["type"] == "subtitle" and track["status"] == AVAILABLE
        ],
    }


def played(media: MediaRow) -> Played:
    """What of a media its playback ids show."""
    files = tuple(file for file, entry in media["downloads"].items() if entry["status"] == "ready")
    return Played(media["width"] or 640, media["height"] or 360, media["is_audio_only"], files)


def facts(media: MediaRow) -> dict[str, str]:
    """What there is to know, by name; what is not known yet is left out."""
    renditions = [
        f"{min(each['width'], each['height'])}p" if each["height"] else "sound" for each in media.get("renditions", [])
    ]
    sentences = {
        "Duration": duration(media["duration"]),
        "Picture": f"{media['width']} × {media['height']}" if media["width"] else "",
        "Frames a second": f"{media['frame_rate']:g}" if media["frame_rate"] else "",
        "Stored": size(media["size"]),
        "Original file": " ".join(filter(None, (media["source_name"], size(media["source_size"])))),
        "Came as": SOURCES[media["source_kind"]],
        "Format": media["container"],
        "Asked for": f"at most {media['max_resolution']}",
        "Renditions": ", ".join(renditions),
        "Creator id": media["creator_id"],
    }
    return {name: text for name, text in sentences.items() if text}


def cards(rows: list[MediaRow]) -> list[dict[str, Any]]:
    """Media as cards and rows of lists, without what these have no use for."""
    playables = playback.first_of([row["id"] for row in rows])
    return [
        {
            "id": row["id"],
            "status": row["status"],
            "is_audio_only": row["is_audio_only"],
            "created_at": row["created_at"],
            "failure": row["failure"],
            "name": name(row),
            "state": state(row),
            "poster": poster(playables.get(row["id"])),
            "duration": duration(row["duration"]),
            "size": size(row["size"]),
            "policies": sorted({each["access_policy"] for each in row["playback_ids"]}),
            "url": playlist(row["playback_ids"][0]) if row["playback_ids"] else "",
        }
        for row in rows
    ]
