"""The first page of an organization: what there is, what happened last, and what is worth doing first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for

from fastpix.access import principal
from fastpix.mail import outbox
from fastpix.overview import checklist
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.audit import domain as audit
from fastpix.resources.audit import presentation as audit_rows
from fastpix.resources.audit.queries import Filter
from fastpix.resources.live_streams import queries as live_streams
from fastpix.resources.media import queries as media
from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.organizations import domain
from fastpix.resources.organizations.views import pages as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.pages import show, signed_in

LATEST = 5
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
    """Counts of what one may see, and what to do next."""
    organization = domain.get()
    may_invite = principal.may("members.invite")
    return show(
        "overview/front_page.html",
        organization=organization,
        counts=_counts(organization["member_count"]),
        latest=_latest(),
        steps=checklist.steps(),
        urls={key: url_for(endpoint) if endpoint else "" for key, endpoint in STEPS.items()},
        is_hidden=people.hides_checklist(signed_in().id),
        is_admin=may_invite,
        may_edit_workspaces=principal.may("workspaces.edit"),
        admins=members.admin_names(),
        failed_mails=outbox.failed_count(organization["id"], "invitation") if may_invite else 0,
    )


def _counts(members: int) -> list[dict[str, Any]]:
    """Of what one may see, in all one's workspaces: {label, value, endpoint, icon}."""
    ids = [workspace["id"] for workspace in workspaces.search()]
    every: list[tuple[str, str, str, str, Callable[[], int]]] = [
        ("Media", "media.index", "video", "media.view", lambda: media.count(ids)),
        ("Live streams", "live_streams.index", "broadcast", "live_streams.view", lambda: live_streams.count(ids)),
        ("Members", "members.index", "users", "members.view", lambda: members),
        ("Pending invites", "invitations.index", "mail", "members.view", invitations.count_open),
        ("Workspaces", "workspaces.index", "stack", "workspaces.view", lambda: len(ids)),
        ("Signing keys", "signing_keys.index", "key", "signing_keys.view", lambda: signing_keys.listed(1, 1)[1]),
        ("Access tokens", "access_tokens.index", "lock", "access_tokens.view", lambda: access_tokens.listed(1, 1)[1]),
    ]
    return [
        {"label": label, "value": count(), "endpoint": endpoint, "icon": icon}
        for label, endpoint, icon, permission, count in every
        if principal.may(permission)
    ]


def _latest() -> list[audit_rows.ShownEntry]:
    """The last rows of the audit log, for those who may read it."""
    if not principal.may("audit.view"):
        return []
    return [audit_rows.shown(row, {}) for row in audit.listed(Filter(), 1, LATEST)[0]]
