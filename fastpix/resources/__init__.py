"""What there is: the one list of resources, in the order of the menu, and of background jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from fastpix.mail import outbox
from fastpix.resources.live_streams import part_views as live_part_views
from fastpix.resources.live_streams import playback_ids_api as live_playback_ids_api
from fastpix.resources.live_streams import simulcasts_api
from fastpix.resources.media import extras as media_extras
from fastpix.resources.media import jobs as media_jobs
from fastpix.resources.media import not_offered_api, part_views, playback_ids_api, tracks_api, upload_views
from fastpix.resources.members import invitations_api, invitations_views
from fastpix.resources.search import views as search_views
from fastpix.resources.webhooks import jobs as webhooks_jobs

Jobs = dict[str, Callable[[Mapping[str, Any]], None]]

# Each is a folder here with two doors: `pages` of its views.py and `api` of its api.py.
RESOURCES = (
    "organizations",
    "media",
    "live_streams",
    "playlists",
    "usage",
    "workspaces",
    "members",
    "signing_keys",
    "access_tokens",
    "access_review",
    "audit",
    "webhooks",
)
# Further doors: of the larger ones, and the search over all of them.
FURTHER = (
    invitations_views.pages, invitations_api.api, upload_views.pages, part_views.pages, live_part_views.pages,
    playback_ids_api.api, tracks_api.api, not_offered_api.api, live_playback_ids_api.api, simulcasts_api.api, search_views.pages,
)  # fmt: skip
# Background jobs by kind, in lanes: what one lane has to do never waits for another lane's work.
QUICK: Jobs = {"mail.deliver": outbox.deliver, "storage.remove": media_jobs.remove}
INCOMING: Jobs = {"media.ingest": media_jobs.ingest, "media.track": media_extras.track}
TRANSCODING: Jobs = {"media.process": media_jobs.process, "media.downloads": media_extras.download}
NOTIFYING: Jobs = {"webhooks.deliver": webhooks_jobs.deliver}


def _doors(name: str) -> tuple[Any, Any]:
    """The `Pages` and the `Api` of a resource's folder."""
    return import_module(f"{__name__}.{name}.views").pages, import_module(f"{__name__}.{name}.api").api


_DOORS = [_doors(name) for name in RESOURCES]
BLUEPRINTS = [door.blueprint for doors in (*_DOORS, FURTHER) for door in doors]
MENU = [entry for pages, _ in _DOORS for entry in pages.menu]
