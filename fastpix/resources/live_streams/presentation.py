"""What pages of live streams show: the state and the signal in words, how to send, the player, the recordings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import urlsplit
from uuid import UUID

from fastpix import urls
from fastpix.config import srt_library
from fastpix.db import now
from fastpix.resources.live_streams import playback
from fastpix.resources.live_streams.models import ACTIVE, DISABLED, IDLE, PREPARING, StreamRow
from fastpix.resources.live_streams.simulcasts.models import RESTING, SimulcastRow
from fastpix.resources.media import presentation as media
from fastpix.resources.media import queries
from fastpix.resources.playback_ids import presentation as playback_ids

# `profile_idc` of H.264 (ITU-T H.264, annex A), in hexadecimal as RFC 6381 writes it.
RARE_PROFILES = {"6E": "10 bits a colour", "7A": "4:2:2 colour", "F4": "4:4:4 colour"}
# Segments begin with a keyframe, so a longest one beyond this tells of keyframes that are too rare.
LONG_SEGMENT = 4.0
SHOWN_RECORDINGS = 20
# Of the latest ones some may be deleted.
LOOKED_AT = 100
STATES = {IDLE: "Idle", PREPARING: "Preparing", ACTIVE: "On air", DISABLED: "Disabled"}
RECONNECTING = "Reconnecting"
TEST_PICTURE = (
    "ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440 "
    "-c:v libx264 -preset veryfast -b:v 2500k -g 60 -pix_fmt yuv420p -c:a aac"
)
PLAYED = playback_ids.Played(1280, 720)


class ListedStream(TypedDict):
    id: str
    name: str
    state: str
    policies: list[str]
    created_at: datetime
    created_by: str
    updated_at: datetime
    started_at: datetime | None
    running: str
    bit_rate: str
    picture: str


class Sending(TypedDict):
    """What an encoder is set up with. `is_open`: key and picture cross the network unencrypted.

    `srt` is for one that sends by SRT: None where nothing listens for it, and then `srt_hint` may say how to get it.
    """

    server: str
    key: str
    command: str
    is_open: bool
    srt: SrtSending | None
    srt_hint: str


class SrtSending(TypedDict):
    server: str
    passphrase: str
    command: str


class Recording(TypedDict):
    id: UUID
    name: str
    status: str
    state: str
    duration: str
    created_at: datetime


def state(stream: StreamRow) -> str:
    """The state as people read it."""
    if stream["status"] == ACTIVE and stream["disconnected_at"]:
        return RECONNECTING
    return STATES[stream["status"]]


def listed(streams: Iterable[StreamRow]) -> list[ListedStream]:
    """Lines of the list, without what the page has no use for. `running` is for how long it has been on air, `picture` the
    address of the picture of now; both empty for what is not."""
    rows = list(streams)
    shown = [row["id"] for row in rows if row["status"] == ACTIVE and row["signal"].get("width")]
    prefixes = playback.previews(shown)
    return [_listed(row, prefixes.get(row["id"], "")) for row in rows]


def _listed(stream: StreamRow, prefix: str) -> ListedStream:
    started_at = stream["signal"].get("started_at") if stream["status"] == ACTIVE else None
    return {
        "id": stream["id"],
        "name": stream["name"],
        "state": state(stream),
        "policies": sorted({playback_id["access_policy"] for playback_id in stream["playback_ids"]}),
        "created_at": stream["created_at"],
        "created_by": stream["created_by"],
        "updated_at": stream["updated_at"],
        "started_at": started_at,
        "running": media.duration((now() - started_at).total_seconds()) if started_at else "",
        "bit_rate": bit_rate(stream["signal"].get("bit_rate") or 0) if started_at else "",
        "picture": f"{playback_ids.local(prefix)}/live/now.jpg" if prefix else "",
    }


def signal(stream: StreamRow, viewers: int) -> dict[str, str]:
    """What comes in, in words, by what it is; empty while nothing is known of it."""
    signal = stream["signal"]
    return {
        "picture": f"{signal['width']} × {signal['height']}" if signal.get("width") else "",
        "bit_rate": bit_rate(signal.get("bit_rate") or 0),
        "viewers": str(viewers),
    }


def bit_rate(bits: int) -> str:
    """Bits a second in words, such as 2.6 Mbit/s; empty for none."""
    if bits <= 0:
        return ""
    return f"{bits / 1e6:.1f} Mbit/s" if bits >= 1e6 else f"{bits / 1e3:.0f} kbit/s"


def has_rare_keyframes(stream: StreamRow) -> bool:
    return bool(stream["signal"].get("longest", 0) > LONG_SEGMENT)


def rare_picture(stream: StreamRow) -> str:
    """What many players cannot show of the picture, by the profile in its codec's name; empty for what all can."""
    name = next((each for each in stream["signal"].get("codecs", "").split(",") if each.startswith("avc1.")), "")
    return RARE_PROFILES.get(name[5:7].upper(), "")


def player(stream: StreamRow) -> dict[str, Any] | None:
    """What `_player.html` takes; None while nothing is on air. Works for private streams and under restrictions."""
    prefix = playback.preview(stream["id"]) if stream["status"] == ACTIVE else None
    if prefix is None:
        return None
    signal = stream["signal"]
    return {
        "src": f"{playback_ids.local(prefix)}/master.m3u8",
        "title": stream["name"],
        "is_live": True,
        "starts": True,
        "is_audio_only": bool(signal.get("codecs")) and not signal.get("width"),
        "width": signal.get("width") or None,
        "height": signal.get("height") or None,
    }


def playbacks(stream: StreamRow) -> list[dict[str, Any]]:
    """The playback ids with their addresses, the embed code and their rules in words."""
    return [playback_ids.shown(row, PLAYED) for row in stream["playback_ids"]]


def sending(stream: StreamRow) -> Sending | None:
    """What an encoder is set up with, for those who may publish alone; None for everybody else."""
    if "stream_key" not in stream:
        return None
    server = urls.live_server()
    return {
        "server": server,
        "key": stream["stream_key"],
        "command": command(server),
        "is_open": is_open(server),
        "srt": _srt(stream["srt_secret"]),
        "srt_hint": srt_library.IS_MISSING if urls.is_srt_missing() else "",
    }


def _srt(passphrase: str) -> SrtSending | None:
    server = urls.srt_server()
    if not server:
        return None
    target = f"{server}?streamid=STREAM_KEY&passphrase=PASSPHRASE&latency=500000"
    return {"server": server, "passphrase": passphrase, "command": f'{TEST_PICTURE} -f mpegts "{target}"'}


def command(server: str) -> str:
    """A test picture and a tone for an encoder's place. The key is for whoever runs it to put in."""
    return f'{TEST_PICTURE} -f flv "{server}/STREAM_KEY"'


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


def recordings(stream: StreamRow, looked_at: int = LOOKED_AT) -> list[Recording]:
    """What was recorded and is still there, newest first."""
    ids = list(reversed(stream["media_ids"][-looked_at:]))
    by_id = queries.whole(ids)
    rows = [(media_id, by_id[media_id]) for media_id in ids if media_id in by_id]
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


def pushes(simulcasts: Iterable[SimulcastRow]) -> str:
    """Where it is pushed to, without names: `2 targets: 1 broadcasting, 1 switched off`. Empty for none."""
    states = [push_state(simulcast).lower() for simulcast in simulcasts]
    if not states:
        return ""
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return f"{len(states)} target{'' if len(states) == 1 else 's'}: {counted}"


def push_state(simulcast: SimulcastRow) -> str:
    """A target's state as people read it."""
    if not simulcast["is_enabled"]:
        return "Switched off"
    return "Waiting" if simulcast["state"] == RESTING else simulcast["state"].capitalize()


def parts(stream: StreamRow, shown: list[Recording]) -> list[str]:
    """What the page is drawn anew for, when one of them changes. `shown` begins with the latest recording."""
    latest = next((recording for recording in shown if recording["id"] == stream["media_ids"][-1]), None)
    parts = [
        state(stream),
        str(stream["broadcast_id"] or ""),
        str(stream["connection_id"] or ""),
        str(has_rare_keyframes(stream)),
        rare_picture(stream),
        f"{stream['signal'].get('width', 0)}x{stream['signal'].get('height', 0)}",
        f"{latest['id']} {latest['status']}" if latest else "",
    ]
    return parts + [
        f"{target['id']} {target['is_enabled']} {target['state']} {target['state_at']}"
        for target in stream["simulcasts"]
    ]
