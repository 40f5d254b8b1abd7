"""What pages of live streams show: the state and the signal in words, how to send, the player, the recordings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from fastpix import links
from fastpix.resources.live_streams import playback
from fastpix.resources.live_streams.models import ACTIVE, DISABLED, IDLE, PREPARING, RESTING
from fastpix.resources.media import presentation as media
from fastpix.resources.media import search

# Segments begin with a keyframe, so a longest one beyond this tells of keyframes that are too rare.
LONG_SEGMENT = 4.0
SHOWN_RECORDINGS = 20
# Of the latest ones some may be deleted.
LOOKED_AT = 100
STATES = {IDLE: "Idle", PREPARING: "Preparing", ACTIVE: "On air", DISABLED: "Disabled"}
RECONNECTING = "Reconnecting"
NO_MEDIA = {"width": 1280, "height": 720, "is_audio_only": False, "downloads": {}}


def state(stream: dict[str, Any]) -> str:
    """The state as people read it."""
    if stream["status"] == ACTIVE and stream["disconnected_at"]:
        return RECONNECTING
    return STATES[stream["status"]]


def listed(stream: dict[str, Any]) -> dict[str, Any]:
    """A line of the list, without what the page has no use for."""
    return {
        "id": stream["id"],
        "name": stream["name"],
        "state": state(stream),
        "policies": sorted({each["access_policy"] for each in stream["playback_ids"]}),
        "created_at": stream["created_at"],
        "created_by": stream["created_by"],
        "updated_at": stream["updated_at"],
    }


def signal(stream: dict[str, Any], viewers: int) -> dict[str, str]:
    """What comes in, in words, by what it is; empty while nothing is known of it."""
    told = stream["signal"]
    return {
        "picture": f"{told['width']} × {told['height']}" if told.get("width") else "",
        "bit_rate": bit_rate(told.get("bit_rate") or 0),
        "viewers": str(viewers),
    }


def bit_rate(bits: int) -> str:
    """Bits a second in words, such as 2.6 Mbit/s; empty for none."""
    if bits <= 0:
        return ""
    return f"{bits / 1e6:.1f} Mbit/s" if bits >= 1e6 else f"{bits / 1e3:.0f} kbit/s"


def has_rare_keyframes(stream: dict[str, Any]) -> bool:
    return bool(stream["signal"].get("longest", 0) > LONG_SEGMENT)


def player(stream: dict[str, Any]) -> dict[str, Any] | None:
    """What `_player.html` takes; None while nothing is on air. Works for private streams and under restrictions."""
    prefix = playback.preview(stream["id"]) if stream["status"] == ACTIVE else None
    if prefix is None:
        return None
    told = stream["signal"]
    return {
        "src": f"{media.local(prefix)}/master.m3u8",
        "title": stream["name"],
        "is_live": True,
        "starts": True,
        "is_audio_only": bool(told.get("codecs")) and not told.get("width"),
        "width": told.get("width") or None,
        "height": told.get("height") or None,
    }


def playbacks(stream: dict[str, Any]) -> list[dict[str, Any]]:
    """The playback ids with their addresses, the embed code and their rules in words."""
    return [media.playback(NO_MEDIA, each) for each in stream["playback_ids"]]


def sending(stream: dict[str, Any]) -> dict[str, Any] | None:
    """What an encoder is set up with, for those who may publish alone; None for everybody else."""
    if "stream_key" not in stream:
        return None
    server = links.live_server()
    return {"server": server, "key": stream["stream_key"], "command": command(server), "is_open": is_open(server)}


def command(server: str) -> str:
    """A test picture and a tone for an encoder's place. The key is for whoever runs it to put in."""
    return (
        "ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440 "
        "-c:v libx264 -preset veryfast -b:v 2500k -g 60 -pix_fmt yuv420p -c:a aac "
        f'-f flv "{server}/STREAM_KEY"'
    )


def is_open(server: str) -> bool:
    """Whether the key goes to the server unencrypted, through a network that others may listen to."""
    parts = urlsplit(server)
    host = parts.hostname or ""
    if parts.scheme != "rtmp" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def recordings(stream: dict[str, Any], looked_at: int = LOOKED_AT) -> list[dict[str, Any]]:
    """What was recorded and is still there, newest first."""
    ids = list(reversed(stream["media_ids"][-looked_at:]))
    found = search.whole(ids)
    rows = [(media_id, found[media_id]) for media_id in ids if media_id in found]
    return [
        {
            "id": media_id,
            "name": media.name(row),
            "status": row["status"],
            "state": media.state(row),
            "duration": media.duration(row["duration"]),
            "created_at": row["created_at"],
        }
        for media_id, row in rows[:SHOWN_RECORDINGS]
    ]


def pushes(simulcasts: Iterable[dict[str, Any]]) -> str:
    """Where it is pushed to, without names: `2 targets: 1 broadcasting, 1 switched off`. Empty for none."""
    states = [push_state(each).lower() for each in simulcasts]
    if not states:
        return ""
    counted = ", ".join(f"{states.count(word)} {word}" for word in dict.fromkeys(states))
    return f"{len(states)} target{'' if len(states) == 1 else 's'}: {counted}"


def push_state(simulcast: dict[str, Any]) -> str:
    """A target's state as people read it."""
    if not simulcast["is_enabled"]:
        return "Switched off"
    return "Waiting" if simulcast["state"] == RESTING else str(simulcast["state"]).capitalize()


def parts(stream: dict[str, Any], shown: list[dict[str, Any]]) -> list[str]:
    """What the page is drawn anew for, when one of them changes. `shown` begins with the latest recording."""
    latest = next((each for each in shown if each["id"] == stream["media_ids"][-1]), None)
    found = [
        state(stream),
        str(stream["broadcast_id"] or ""),
        str(stream["connection_id"] or ""),
        str(has_rare_keyframes(stream)),
        f"{stream['signal'].get('width', 0)}x{stream['signal'].get('height', 0)}",
        f"{latest['id']} {latest['status']}" if latest else "",
    ]
    found += [f"{each['id']} {each['is_enabled']} {each['state']} {each['state_at']}" for each in stream["simulcasts"]]
    return found
