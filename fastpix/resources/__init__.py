"""What there is: the one list of resources, in the order of the menu, and of background jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pkgutil import ModuleInfo, iter_modules
from typing import Any

from fastpix.mail import outbox
from fastpix.resources.live_streams.broadcasts import jobs as recordings
from fastpix.resources.media import jobs as media_jobs
from fastpix.resources.media.captions import jobs as captions_jobs
from fastpix.resources.media.downloads import jobs as downloads_jobs
from fastpix.resources.media.models import RECORDING
from fastpix.resources.media.tracks import jobs as tracks_jobs
from fastpix.resources.media.transcripts import jobs as transcripts_jobs
from fastpix.resources.media.uploads import jobs as uploads_jobs
from fastpix.resources.playback_ids import views as playback_ids
from fastpix.resources.webhooks.deliveries import jobs as deliveries_jobs
from fastpix.web.api import Api
from fastpix.web.pages import Pages

Jobs = dict[str, Callable[[Mapping[str, Any]], None]]

# Each is a folder here with `pages` in its views.py and `api` in its api.py. Folders in it may have both, or one, too.
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
# What media cannot know of, since live streams are above them.
_ingest = partial(media_jobs.ingest, fetchers={RECORDING: recordings.assemble})
# Background jobs by kind, in lanes: what one lane has to do never waits for another lane's work.
QUICK: Jobs = {
    "mail.deliver": outbox.deliver,
    "storage.remove": media_jobs.remove,
    "uploads.forget": uploads_jobs.forget,
}
INCOMING: Jobs = {
    "media.ingest": _ingest,
    "media.track": tracks_jobs.prepare,
    transcripts_jobs.KIND: transcripts_jobs.fill,
}
TRANSCODING: Jobs = {"media.process": media_jobs.process, "media.downloads": downloads_jobs.prepare}
LISTENING: Jobs = {"media.captions": captions_jobs.make}
NOTIFYING: Jobs = {"webhooks.deliver": deliveries_jobs.deliver}


def _pages_and_api(name: str) -> tuple[Pages, Api]:
    """Of a resource; without both, or without the folder, nothing starts."""
    return import_module(f"{__name__}.{name}.views").pages, import_module(f"{__name__}.{name}.api").api


def _of_folders_in(name: str) -> Iterator[Pages | Api]:
    """The pages and the API of what lies in a resource's folder, by name."""
    for folder in _modules(f"{__name__}.{name}"):
        inside = [module.name for module in _modules(folder.name)] if folder.ispkg else []
        if f"{folder.name}.views" in inside:
            yield import_module(f"{folder.name}.views").pages
        if f"{folder.name}.api" in inside:
            yield import_module(f"{folder.name}.api").api


def _modules(package: str) -> Iterator[ModuleInfo]:
    """The modules and folders in it, by name."""
    return iter_modules(import_module(package).__path__, f"{package}.")


_PAGES_AND_API = [_pages_and_api(name) for name in RESOURCES]
_IN_FOLDERS = [entry for name in RESOURCES for entry in _of_folders_in(name)]
# Folders of one resource may share their pages.
_ALL = dict.fromkeys(entry for entries in (*_PAGES_AND_API, _IN_FOLDERS) for entry in entries)
BLUEPRINTS = [*(entry.blueprint for entry in _ALL), playback_ids.templates]
MENU = [entry for pages, _ in _PAGES_AND_API for entry in pages.menu]
