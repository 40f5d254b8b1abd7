"""The dashboard's menu: an entry is shown to whoever has its permission, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from flask import request, url_for

from fastpix.access import principal


@dataclass(frozen=True)
class Entry:
    """One line of the menu. `endpoint` is the page it opens, `permission` what one needs to see it."""

    label: str
    endpoint: str
    icon: str
    permission: str


HOME = "organizations.overview"
_entries: list[Entry] = []


def install(entries: list[Entry]) -> None:
    """Set the menu, in order. Called by `fastpix.app` with the entries of the listed resources."""
    _entries[:] = entries


def visible(slug: str) -> list[dict[str, object]]:
    """The entries of this organization that the actor in force may open: {label, url, icon, current}."""
    shown = [(e, _url(e.endpoint, slug, request.root_path)) for e in _entries if principal.may(e.permission)]
    # A page below an entry's address belongs to it; the longest match is the nearest. Everything is below the overview,
    # so that nothing but itself belongs to that.
    near = [
        url for entry, url in shown if request.path.startswith(url) and (entry.endpoint != HOME or request.path == url)
    ]
    here = max(near, key=len, default="")
    return [{"label": entry.label, "url": url, "icon": entry.icon, "current": url == here} for entry, url in shown]


@lru_cache(maxsize=1024)
def _url(endpoint: str, slug: str, _root: str) -> str:
    """Its address, which depends on nothing else: a dozen of them for every page, 20 µs each."""
    return url_for(endpoint, org=slug)
