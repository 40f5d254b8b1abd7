"""Who may fetch what: every request for a media or live stream is authorized here, by token or signed path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from flask import request

from fastpix import hostnames
from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.delivery import lookup, master_playlist, playback_tokens, restrictions, signed_urls
from fastpix.delivery.errors import NotAuthorized, NotReady
from fastpix.resources.live_streams.playback import LivePlayable
from fastpix.resources.media.models import FAILED, READY, Rendition
from fastpix.resources.media.playback import Playable
from fastpix.resources.playback_ids.signed_urls import PREVIEW

NOW, SHORT, LONG, STABLE_ADDRESS = "max-age=1", "max-age=60", "max-age=31536000, immutable", "max-age=3600"

# Whether who asks belongs to an organization and sees a workspace of it.
_membership: dict[str, Callable[[UUID, UUID], bool]] = {}


def know_members_by(belongs_to: Callable[[UUID, UUID], bool]) -> None:
    """Set how it is known that who asks belongs to an organization and sees a workspace of it."""
    _membership["belongs_to"] = belongs_to


def _own_hosts(settings: Settings) -> frozenset[str]:
    """The hosts whose pages may play everything."""
    bases = (settings.public_url, settings.stream_base, settings.images_base)
    return frozenset(hostnames.same_in_ascii(urlsplit(base).hostname or "") for base in bases)


@dataclass(frozen=True)
class Grant:
    """A request that may go on. `prefix` is where playlists and segments are found: `m/.../<playback id>`.

    `is_ours`: a page of the dashboard asks, so it counts as nobody's view.
    """

    prefix: str
    is_public: bool
    is_for_all: bool
    is_ours: bool

    @property
    def is_growing(self) -> bool:
        """Whether what it names will soon be more."""
        return False

    def playlist_cache(self) -> str:
        """Cache-Control of a master playlist: a private one holds a signature that is the viewer's own."""
        if not self.is_public:
            return "private, no-store"
        return "no-store" if self.is_growing else f"{self._scope()}, {SHORT}"

    def part_cache(self, *, is_playlist: bool) -> str:
        """Cache-Control of what lies under a version, whose name never comes back with other content."""
        if not self.is_public:
            return f"private, {STABLE_ADDRESS}"
        return f"{self._scope()}, {SHORT if is_playlist else LONG}"

    def live_cache(self) -> str:
        """Cache-Control of a playlist of segments that grows."""
        return f"{self._scope()}, {NOW}"

    def stable_address_cache(self) -> str:
        """Cache-Control of pictures and downloads, whose addresses stay when the media is made anew."""
        return f"{self._scope()}, {STABLE_ADDRESS}"

    def _scope(self) -> str:
        return "public" if self.is_for_all else "private"


@dataclass(frozen=True)
class LiveGrant(Grant):
    """What may be fetched of a live stream."""

    playable: LivePlayable


@dataclass(frozen=True)
class MediaGrant(Grant):
    """What may be fetched of a media."""

    playable: Playable

    @property
    def is_growing(self) -> bool:
        return self.playable.is_growing

    @property
    def renditions(self) -> list[Rendition]:
        """What this playback id may show. Raises `NotReady` where that is nothing."""
        renditions = master_playlist.capped(self.playable.renditions, self.playable.max_height)
        if not renditions:
            raise NotReady(f"Nothing of this media is ready at {self.playable.max_height}p or less.")
        return renditions

    @property
    def is_whole(self) -> bool:
        """Whether the playback id hides no rendition."""
        return len(self.renditions) == len(self.playable.renditions)


def by_token(playback_id: str) -> MediaGrant | LiveGrant:
    """By the query's token where it is private. Raises `Invalid`, `Missing`, `NotAuthorized`, `Restricted`, `NotReady`."""
    playable = lookup.find(playback_id)
    if playable.policy == "public":
        prefix = signed_urls.public(playable)
    else:
        prefix = signed_urls.proved(playable, playback_tokens.verify(request.args.get("token", ""), playable))
    return _grant(playable, prefix)


def media_by_token(playback_id: str) -> MediaGrant:
    """The same for what only media have that are ready. Raises `NotReady` for others and for a live stream, besides."""
    grant = by_token(playback_id)
    if isinstance(grant, LiveGrant):
        raise NotReady("This is a live stream: it has a playlist alone. Its recording will be ready later.")
    if grant.is_growing:
        raise NotReady("This media plays already, but the rest of it is not ready yet. Try again in a moment.")
    return grant


def by_prefix(playback_id: str, expires: str, key_id: str, signature: str) -> MediaGrant | LiveGrant:
    """By the parts of a prefix: `0`, `-`, `-` for what is public, signed ones for the rest. Raises as `by_token`."""
    playable = lookup.find(playback_id)
    prefix = f"m/{expires}/{key_id}/{signature}/{playback_id}"
    is_public = playable.policy == "public" and prefix == signed_urls.public(playable)
    if not is_public and not signed_urls.is_valid(playable, expires, key_id, signature):
        raise NotAuthorized
    is_ours = not is_public and key_id == PREVIEW
    # The page's address alone must not play for who copied it, or was removed since.
    is_open = not is_ours or playable.policy == "public"
    if not is_open and not _membership["belongs_to"](playable.organization_id, playable.workspace_id):
        raise NotAuthorized
    return _grant(playable, prefix, is_ours=is_ours)


def _grant(playable: lookup.AnyPlayable, prefix: str, *, is_ours: bool = False) -> MediaGrant | LiveGrant:
    """`is_ours`: a page of the dashboard asks, and restrictions are meant for other people's pages."""
    is_restricted = restrictions.is_restricted(playable.restrictions)
    if is_restricted and not is_ours:
        headers = request.headers
        visit = restrictions.Visit(headers.get("Origin", ""), headers.get("Referer", ""), headers.get("User-Agent", ""))
        restrictions.check(playable.restrictions, visit, instance.part(_own_hosts))
    is_public = playable.policy == "public"
    fields = (prefix, is_public, is_public and not is_restricted, is_ours)
    if isinstance(playable, LivePlayable):
        if playable.is_disabled:
            raise NotReady("This live stream is disabled, and not ready to play.")
        return LiveGrant(*fields, playable)
    if playable.status == FAILED:
        raise NotReady("This media is not ready: its processing failed.")
    if not (playable.status == READY and playable.version) and not playable.is_growing:
        raise NotReady("This media is not ready yet. Try again in a moment.")
    return MediaGrant(*fields, playable)
