"""What there is: the one list of resources, in the order of the menu, and of background jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastpix.mail import outbox
from fastpix.resources.access_review import api as access_review_api
from fastpix.resources.access_review import views as access_review
from fastpix.resources.access_tokens import api as access_tokens_api
from fastpix.resources.access_tokens import views as access_tokens
from fastpix.resources.audit import api as audit_api
from fastpix.resources.audit import views as audit
from fastpix.resources.live_streams import api as live_streams_api
from fastpix.resources.live_streams import part_views as live_part_views
from fastpix.resources.live_streams import playback_ids_api as live_playback_ids_api
from fastpix.resources.live_streams import simulcasts_api
from fastpix.resources.live_streams import views as live_streams
from fastpix.resources.media import api as media_api
from fastpix.resources.media import extras as media_extras
from fastpix.resources.media import jobs as media_jobs
from fastpix.resources.media import not_offered_api, part_views, playback_ids_api, tracks_api, upload_views
from fastpix.resources.media import views as media
from fastpix.resources.members import api as members_api
from fastpix.resources.members import invitations_api, invitations_views
from fastpix.resources.members import views as members
from fastpix.resources.organizations import api as organizations_api
from fastpix.resources.organizations import views as organizations
from fastpix.resources.playlists import api as playlists_api
from fastpix.resources.playlists import views as playlists
from fastpix.resources.signing_keys import api as signing_keys_api
from fastpix.resources.signing_keys import views as signing_keys
from fastpix.resources.usage import api as usage_api
from fastpix.resources.usage import views as usage
from fastpix.resources.webhooks import api as webhooks_api
from fastpix.resources.webhooks import jobs as webhooks_jobs
from fastpix.resources.webhooks import views as webhooks
from fastpix.resources.workspaces import api as workspaces_api
from fastpix.resources.workspaces import views as workspaces

Jobs = dict[str, Callable[[Mapping[str, Any]], None]]

RESOURCES = (
    (organizations.pages, organizations_api.api),
    (media.pages, media_api.api),
    (live_streams.pages, live_streams_api.api),
    (playlists.pages, playlists_api.api),
    (usage.pages, usage_api.api),
    (workspaces.pages, workspaces_api.api),
    (members.pages, members_api.api),
    (invitations_views.pages, invitations_api.api),
    (signing_keys.pages, signing_keys_api.api),
    (access_tokens.pages, access_tokens_api.api),
    (access_review.pages, access_review_api.api),
    (audit.pages, audit_api.api),
    (webhooks.pages, webhooks_api.api),
)
# Background jobs by kind, in lanes: what one lane has to do never waits for another lane's work.
QUICK: Jobs = {"mail.deliver": outbox.deliver, "storage.remove": media_jobs.remove}
INCOMING: Jobs = {"media.ingest": media_jobs.ingest, "media.track": media_extras.track}
TRANSCODING: Jobs = {"media.process": media_jobs.process, "media.downloads": media_extras.download}
NOTIFYING: Jobs = {"webhooks.deliver": webhooks_jobs.deliver}

BLUEPRINTS = [door.blueprint for doors in RESOURCES for door in doors] + [
    door.blueprint
    for door in (
        upload_views.pages, part_views.pages, live_part_views.pages, playback_ids_api.api, tracks_api.api, not_offered_api.api,
        live_playback_ids_api.api, simulcasts_api.api,
    )
]  # fmt: skip
MENU = [entry for pages, _ in RESOURCES for entry in pages.menu]
