"""The organization in the dashboard: overview, who can do what, settings, deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request, url_for

from fastpix.access import principal
from fastpix.mail import outbox
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.audit import domain as audit
from fastpix.resources.audit import presentation
from fastpix.resources.audit.search import Asked
from fastpix.resources.live_streams import search as live_streams
from fastpix.resources.media import search as media
from fastpix.resources.members import domain as members
from fastpix.resources.members import invitations
from fastpix.resources.organizations import checklist, domain
from fastpix.resources.organizations.forms import OrganizationForm
from fastpix.resources.people import domain as people
from fastpix.resources.signing_keys import domain as signing_keys
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import TypedNameForm
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, go, show, signed_in

pages = Pages(
    "organizations",
    __name__,
    menu=(
        Entry("Overview", "organizations.overview", "home", "organizations.view"),
        Entry("Organization", "organizations.settings", "building", "organizations.view"),
    ),
)


LATEST = 5
# Where each of the first steps is done; the mail server is the operator's.
STEPS = {
    "invite": "invitations.new",
    "upload": "media_upload.new",
    "token": "access_tokens.create",
    "second_factor": "second_factor.index",
    "mail": "",
}


@pages.page(domain.get, "GET", "/")
def overview() -> Any:
    """Counts of what one may see, and what to do next."""
    organization = domain.get()
    may_invite = principal.may("members.invite")
    return show(
        "organizations/overview.html",
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
        ("Pending invites", "invitations.index", "mail", "members.view", invitations.waiting),
        ("Workspaces", "workspaces.index", "stack", "workspaces.view", lambda: len(ids)),
        ("Signing keys", "signing_keys.index", "key", "signing_keys.view", lambda: signing_keys.listed(1, 1)[1]),
        ("Access tokens", "access_tokens.index", "lock", "access_tokens.view", lambda: access_tokens.listed(1, 1)[1]),
    ]
    return [
        {"label": label, "value": count(), "endpoint": endpoint, "icon": icon}
        for label, endpoint, icon, permission, count in every
        if principal.may(permission)
    ]


def _latest() -> list[dict[str, Any]]:
    """The last rows of the audit log, for those who may read it."""
    if not principal.may("audit.view"):
        return []
    return [presentation.shown(row, {}) for row in audit.listed(Asked(), 1, LATEST)[0]]


@pages.page(domain.access_table, "GET", "/access")
def access() -> Any:
    """Who can do what, rendered from the role table that the guards read."""
    areas: dict[str, list[dict[str, Any]]] = {}
    for row in domain.access_table():
        areas.setdefault(row["area"], []).append(row)
    may_view_as = principal.may("members.view_as")
    return show("organizations/access.html", areas=areas, admins=members.admin_names(50), may_view_as=may_view_as)


@pages.page(domain.get, "GET", "/settings")
def settings() -> Any:
    return show(
        "organizations/settings.html",
        organization=domain.get(),
        may={key: principal.may(f"organizations.{key}") for key in ("edit", "delete")},
    )


@pages.page(domain.edit, "GET POST", "/settings/edit")
def edit() -> Any:
    organization = domain.get()
    form = OrganizationForm(data=organization) if request.method == "GET" else OrganizationForm()
    form.stands(**organization)
    if form.is_sent():
        with form.catching():
            policies = ("members_edit_workspaces", "audit_days", "require_second_factor", "access_review_mail")
            after = domain.edit(form.name.data, form.slug.data, **{name: form[name].data for name in policies})
            return go(".settings", "The organization was saved.", org=after["slug"])
    count, some = members.without_second_factor()
    return show("organizations/edit.html", form=form, organization=organization, lacking=count, some=some)


@pages.page(domain.delete, "GET POST", "/settings/delete")
def delete() -> Any:
    organization = domain.get()
    form = TypedNameForm(expected=organization["name"])
    if form.is_sent():
        with form.catching():
            domain.delete()
            return go("accounts.home", f"{organization['name']} was deleted, with everything in it.")
    return show("organizations/delete.html", form=form, organization=organization, workspaces=workspaces.search())
