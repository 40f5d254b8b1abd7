"""The dashboard's menu: an entry is shown to whoever has its permission, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from flask import current_app, request, url_for

from fastpix.access import principal


@dataclass(frozen=True)
class Entry:
    """One line of a menu. `endpoint` is the page it opens, `permission` what one needs to see it, `group` the heading it
    stands under, and `words` are others that people use for it: the palette finds it by them."""

    label: str
    endpoint: str
    icon: str
    permission: str
    group: str = "Video"
    words: str = ""


# The headings, in order; what has another one comes last.
GROUPS = ("Video", "People", "Developers", "Oversight", "Settings")
# What somebody makes, from any page.
NEW = (
    Entry("Upload media", "media_upload.new", "upload", "media.create", words="new video film file add"),
    Entry(
        "New live stream", "live_streams.create", "broadcast", "live_streams.create", words="create broadcast go on air"
    ),
    Entry(
        "Invite people", "invitations.new", "user-plus", "members.invite", words="new add member team colleague user"
    ),
    Entry("New playlist", "playlists.create", "list", "media.create", words="create add"),
    Entry("New access token", "access_tokens.create", "lock", "access_tokens.create", words="create api credential"),
    Entry("New signing key", "signing_keys.create", "key", "signing_keys.create", words="create private jwt"),
    Entry("New webhook", "webhooks.create", "webhook", "webhooks.create", words="create event callback"),
)
# What belongs to no resource.
OWN = (Entry("API", "docs.index", "link", "organizations.view", "Developers", "documentation openapi reference curl"),)
# The order within People and Developers; what is not named keeps the resources' order, before these.
PLACES = (
    "members.index", "organizations.access", "access_review.index",
    "access_tokens.index", "signing_keys.index", "webhooks.index", "docs.index",
)  # fmt: skip
HOME = "organizations.overview"
# The key that opens a page after "g" (keys.js).
KEYS = {
    HOME: "o", "media.index": "m", "live_streams.index": "l", "playlists.index": "p", "usage.index": "u",
    "members.index": "t", "organizations.access": "c", "access_review.index": "v", "signing_keys.index": "k",
    "access_tokens.index": "a", "webhooks.index": "w", "audit.index": "h", "organizations.settings": "s",
    "workspaces.index": "r", "docs.index": "d",
}  # fmt: skip
_entries: list[Entry] = []


def install(entries: list[Entry]) -> None:
    """Set the menu, in order. Called by `fastpix.app` with the entries of the listed resources."""
    _entries[:] = sorted([*entries, *OWN], key=_place)


def _place(entry: Entry) -> tuple[int, int]:
    group = GROUPS.index(entry.group) if entry.group in GROUPS else len(GROUPS)
    return group, PLACES.index(entry.endpoint) if entry.endpoint in PLACES else -1


def visible(slug: str) -> list[dict[str, object]]:
    """The entries of this organization that the actor in force may open: {label, url, icon, group, words, key, current}."""
    shown = [(e, _url(e.endpoint, slug, request.root_path)) for e in _entries if principal.may(e.permission)]
    # A page below an entry's address belongs to it; the longest match is the nearest. Everything is below the overview,
    # so that nothing but itself belongs to that.
    near = [
        url for entry, url in shown if request.path.startswith(url) and (entry.endpoint != HOME or request.path == url)
    ]
    here = max(near, key=len, default="")
    return [_line(entry, url) | {"key": KEYS.get(entry.endpoint, ""), "current": url == here} for entry, url in shown]


def new(slug: str) -> list[dict[str, object]]:
    """What the actor in force may make in this organization: {label, url, icon, group, words}."""
    return [_line(e, _url(e.endpoint, slug, request.root_path)) for e in NEW if principal.may(e.permission)]


def _line(entry: Entry, url: str) -> dict[str, object]:
    return {"label": entry.label, "url": url, "icon": entry.icon, "group": entry.group, "words": entry.words}


@lru_cache(maxsize=1024)
def _url(endpoint: str, slug: str, _root: str) -> str:
    """Its address, which depends on nothing else: a dozen of them for every page, 20 µs each."""
    is_of_organization = current_app.url_map.is_endpoint_expecting(endpoint, "org")
    return url_for(endpoint, org=slug) if is_of_organization else url_for(endpoint)
