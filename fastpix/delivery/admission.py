"""Who may fetch what: the one way into delivery, by a token in the query or by a signed prefix of the path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request

from fastpix.delivery import known, links, playlists, rules, tokens
from fastpix.delivery.refusals import NotReady, Unproved
from fastpix.resources.live_streams.playback import LivePlayable
from fastpix.resources.media import playback
from fastpix.resources.media.models import FAILED, READY
from fastpix.resources.media.playback import Playable

NOW, SHORT, LONG, ASKED = "max-age=1", "max-age=60", "max-age=31536000, immutable", "max-age=3600"

_own: dict[str, frozenset[str]] = {"hosts": frozenset()}
# Whether who asks belongs to an organization and sees a workspace of it.
_insider: dict[str, Callable[[UUID, UUID], bool]] = {}


def configure(own_hosts: frozenset[str], belongs_to: Callable[[UUID, UUID], bool]) -> None:
    """Set the hosts whose pages may play everything: ours; and how it is known that somebody belongs to an organization
    and sees a workspace. Forgets what was known of playback ids and keys."""
    _own["hosts"], _insider["belongs_to"] = own_hosts, belongs_to
    known.forget()
    tokens.forget()


@dataclass(frozen=True)
class Way:
    """A request that may go on. `prefix` is where playlists and segments are found: `m/.../<playback id>`.

    `is_ours`: a page of the dashboard asks, so it counts as nobody's view.
    """

    prefix: str
    is_public: bool
    is_for_all: bool
    is_ours: bool

    def playlist_cache(self) -> str:
        """Cache-Control of a master playlist: a private one holds a signature that is the viewer's own."""
        if not self.is_public:
            return "private, no-store"
        return f"{self._scope()}, {SHORT}"

    def part_cache(self, *, is_playlist: bool) -> str:
        """Cache-Control of what lies under a version, whose name never comes back with other content."""
        if not self.is_public:
            return f"private, {ASKED}"
        return f"{self._scope()}, {SHORT if is_playlist else LONG}"

    def live_cache(self) -> str:
        """Cache-Control of a playlist that grows."""
        return f"{self._scope()}, {NOW}"

    def asked_cache(self) -> str:
        """Cache-Control of pictures and downloads, whose addresses stay when the media is made anew."""
        return f"{self._scope()}, {ASKED}"

    def _scope(self) -> str:
        return "public" if self.is_for_all else "private"


@dataclass(frozen=True)
class AdmittedLive(Way):
    """The way to a live stream."""

    playable: LivePlayable


@dataclass(frozen=True)
class Admitted(Way):
    """The way to a media."""

    playable: Playable

    @property
    def renditions(self) -> list[Mapping[str, Any]]:
        """What this playback id may show. Raises `NotReady` where that is nothing."""
        found = playlists.capped(self.playable.renditions, self.playable.max_height)
        if not found:
            raise NotReady(f"Nothing of this media is ready at {self.playable.max_height}p or less.")
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the playback id hides no rendition."""
        return len(self.renditions) == len(self.playable.renditions)


def by_token(playback_id: str) -> Admitted | AdmittedLive:
    """By the query's token where it is private. Raises `Invalid`, `Missing`, `Unproved`, `NotHere`, `NotReady`."""
    playable = known.find(playback_id)
    if playable.policy == "public":
        prefix = links.public(playable)
    else:
        prefix = links.proved(playable, tokens.verify(request.args.get("token", ""), playable))
    return _admitted(playable, prefix)


def media_by_token(playback_id: str) -> Admitted:
    """The same for what only media have. Raises `NotReady` for a live stream, besides."""
    found = by_token(playback_id)
    if isinstance(found, AdmittedLive):
        raise NotReady("This is a live stream: it has a playlist alone. Its recording will be ready later.")
    return found


def by_prefix(playback_id: str, expires: str, key_id: str, signature: str) -> Admitted | AdmittedLive:
    """By the parts of a prefix: `0`, `-`, `-` for what is public, signed ones for the rest. Raises as `by_token`."""
    playable = known.find(playback_id)
    prefix = f"m/{expires}/{key_id}/{signature}/{playback_id}"
    is_public = playable.policy == "public" and prefix == links.public(playable)
    if not is_public and not links.is_valid(playable, expires, key_id, signature):
        raise Unproved
    is_ours = not is_public and key_id == playback.PREVIEW
    # The page's address alone must not play for who copied it, or was removed since.
    is_open = not is_ours or playable.policy == "public"
    if not is_open and not _insider["belongs_to"](playable.organization_id, playable.workspace_id):
        raise Unproved
    return _admitted(playable, prefix, is_ours=is_ours)


def _admitted(playable: known.Found, prefix: str, *, is_ours: bool = False) -> Admitted | AdmittedLive:
    """`is_ours`: a page of the dashboard asks, and restrictions are meant for other people's pages."""
    is_restricted = rules.is_restricted(playable.restrictions)
    if is_restricted and not is_ours:
        headers = request.headers
        visit = rules.Visit(headers.get("Origin", ""), headers.get("Referer", ""), headers.get("User-Agent", ""))
        rules.check(playable.restrictions, visit, _own["hosts"])
    is_public = playable.policy == "public"
    way = (prefix, is_public, is_public and not is_restricted, is_ours)
    if isinstance(playable, LivePlayable):
        if playable.is_disabled:
            raise NotReady("This live stream is disabled, and not ready to play.")
        return AdmittedLive(*way, playable)
    if playable.status == FAILED:
        raise NotReady("This media is not ready: its processing failed.")
    if playable.status != READY or not playable.version:
        raise NotReady("This media is not ready yet. Try again in a moment.")
    return Admitted(*way, playable)
