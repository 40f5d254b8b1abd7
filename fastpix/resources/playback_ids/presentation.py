"""Playback ids in the words of a page: addresses, code for other sites, rules as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastpix import urls

if TYPE_CHECKING:
    from fastpix.resources.playback_ids.models import PlaybackIdRow, Rule


@dataclass(frozen=True)
class Played:
    """What of a media or live stream its player's size depends on, and the files that can be downloaded."""

    width: int
    height: int
    is_audio_only: bool = False
    downloads: tuple[str, ...] = ()


def shown(row: PlaybackIdRow, played: Played) -> dict[str, Any]:
    """A playback id with its addresses, the embed code and its rules in words."""
    width = min(played.width, 640)
    height = round(width * played.height / played.width)
    size = 'width="640" height="80"' if played.is_audio_only else f'width="{width}" height="{height}"'
    address = urls.embed(row["id"]) + _token(row)
    restrictions = row["restrictions"]
    return {
        **row,
        "url": playlist(row),
        "link": address,
        "embed": f'<iframe src="{address}" {size} allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>',
        "thumbnail": urls.image(row["id"]) + _token(row),
        "rules": [*_sentences(restrictions["domains"], "sites"), *_sentences(restrictions["userAgents"], "programs")],
        "downloads": [urls.stream(f"{row['id']}/{file}") for file in played.downloads],
    }


def playlist(row: PlaybackIdRow) -> str:
    """The playlist of a playback id; a private one says where its token goes."""
    return urls.stream(f"{row['id']}.m3u8") + _token(row)


def local(address: str) -> str:
    """The address without our own host: a page opened as 127.0.0.1 instead of localhost works too."""
    return address.removeprefix(urls.to(""))


def _token(row: PlaybackIdRow) -> str:
    return "?token=TOKEN" if row["access_policy"] == "private" else ""


def _sentences(rule: Rule, noun: str) -> list[str]:
    if rule["defaultPolicy"] == "deny":
        return [f"Only these {noun}: {', '.join(rule['allow']) or 'none'}"]
    return [f"Not these {noun}: {', '.join(rule['deny'])}"] if rule["deny"] else []
