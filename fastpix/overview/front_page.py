"""The first page of an organization: what happens here, what needs attention, and what is worth doing first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import url_for

from fastpix.access import principal
from fastpix.overview import attention, checklist
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.audit import domain as audit
from fastpix.resources.audit import presentation as audit_rows
from fastpix.resources.audit.queries import Filter
from fastpix.resources.live_streams import presentation as live
from fastpix.resources.live_streams import queries as live_streams
from fastpix.resources.live_streams.viewers import queries as viewers
from fastpix.resources.media import presentation as media_rows
from fastpix.resources.media import queries as media
from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.organizations import domain
from fastpix.resources.organizations.views import pages as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.usage import queries as usage
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import charts, list_pages
from fastpix.web.pages import show, signed_in

LATEST_EVENTS, LATEST_MEDIA, MOST_ON_AIR, VIEW_DAYS = 6, 4, 6, 30
# Where each of the first steps is done; the mail server is the operator's.
STEPS = {
    "invite": "invitations.new",
    "upload": "media_upload.new",
    "token": "access_tokens.create",
    "second_factor": "second_factor.index",
    "mail": "",
}


@organizations.page(domain.get, "GET", "/")
def overview() -> Any:
    """What happens here, of what one may see, and what to do next."""
    organization = domain.get()
    choices = workspaces.choices()
    ids = [UUID(workspace_id) for workspace_id in choices]
    chosen = list_pages.one_workspace(choices)
    return show(
        "overview/front_page.html",
        organization=organization,
        on_air=_on_air(ids),
        matters=[matter | {"url": _url(matter)} for matter in attention.matters(ids)],
        latest=media_rows.cards(media.listed(chosen, 1, LATEST_MEDIA)[0]) if chosen else [],
        workspace=(chosen, choices[str(chosen)]) if chosen and len(choices) > 1 else None,
        chosen=chosen,
        events=_events(choices),
        views=_views(ids),
        counts=_counts(organization["member_count"], ids),
        steps=checklist.steps(),
        urls={key: url_for(endpoint) if endpoint else "" for key, endpoint in STEPS.items()},
        is_hidden=people.hides_checklist(signed_in().id),
        may=principal.may_each("media", "create") | principal.may_each("members", "invite"),
        may_edit_workspaces=principal.may("workspaces.edit"),
        admins=members.admin_names(),
    )


def _url(matter: attention.Matter) -> str:
    """Where it is mended."""
    pages = {"invite": "invitations.index", "member": "members.index", "disk": "media.index"}
    if matter["kind"] in pages:
        return url_for(pages[matter["kind"]])
    if matter["kind"] == "webhook":
        return url_for("webhooks.detail", webhook_id=matter["id"])
    return url_for("media.detail", media_id=matter["id"])


def _on_air(ids: list[UUID]) -> list[dict[str, Any]]:
    """What is sent at this moment, with how many watch it."""
    streams = live_streams.on_air(ids, MOST_ON_AIR) if principal.may("live_streams.view") else []
    watching = viewers.watching_each(stream["id"] for stream in streams) if streams else {}
    return [{**line, "viewers": watching.get(line["id"], 0)} for line in live.listed(streams)]


def _events(names: dict[str, str]) -> list[audit_rows.ShownEntry]:
    """The last rows of the audit log, for those who may read it."""
    if not principal.may("audit.view"):
        return []
    return [audit_rows.shown(row, names) for row in audit.listed(Filter(), 1, LATEST_EVENTS)[0]]


def _views(ids: list[UUID]) -> dict[str, Any] | None:
    """The views of the last days: a line, and their sum in words."""
    if not principal.may("usage.view"):
        return None
    days = usage.views(VIEW_DAYS, ids)
    total = charts.VIEWS.tell(sum(count for _, count in days))
    return {"chart": charts.held("views", "Views", days, charts.VIEWS), "total": total, "days": VIEW_DAYS}


def _counts(member_count: int, ids: list[UUID]) -> list[dict[str, Any]]:
    """Of what one may see, in all one's workspaces: {label, value, endpoint, icon}."""
    every: list[tuple[str, str, str, str, Callable[[], int]]] = [
        ("Media", "media.index", "video", "media.view", lambda: media.count(ids)),
        ("Live stream", "live_streams.index", "broadcast", "live_streams.view", lambda: live_streams.count(ids)),
        ("Member", "members.index", "users", "members.view", lambda: member_count),
        ("Pending invite", "invitations.index", "mail", "members.view", invitations.count_open),
        ("Workspace", "workspaces.index", "stack", "workspaces.view", lambda: len(ids)),
        ("Signing key", "signing_keys.index", "key", "signing_keys.view", lambda: signing_keys.listed(1, 1)[1]),
        ("Access token", "access_tokens.index", "lock", "access_tokens.view", lambda: access_tokens.listed(1, 1)[1]),
    ]
    shown = [each for each in every if principal.may(each[3])]
    return [
        {
            "label": label if value == 1 or label == "Media" else f"{label}s",
            "value": value,
            "endpoint": endpoint,
            "icon": icon,
        }
        for (label, endpoint, icon, _permission, _count), value in zip(
            shown, [count() for *_, count in shown], strict=True
        )
    ]
