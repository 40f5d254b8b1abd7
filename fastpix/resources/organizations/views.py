"""The organization in the dashboard: overview, who can do what, settings, deletion."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from fastpix.access import principal
from fastpix.mail import outbox
from fastpix.resources.access_tokens import domain as access_tokens
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
    waiting = invitations.waiting()
    counts = [
        {"label": "Members", "value": organization["member_count"], "endpoint": "members.index", "icon": "users"},
        {"label": "Pending invites", "value": waiting, "endpoint": "invitations.index", "icon": "mail"},
        {"label": "Workspaces", "value": len(workspaces.search()), "endpoint": "workspaces.index", "icon": "stack"},
    ]
    if principal.may("signing_keys.view"):
        total = signing_keys.listed(1, 1)[1]
        counts.append({"label": "Signing keys", "value": total, "endpoint": "signing_keys.index", "icon": "key"})
    if principal.may("access_tokens.view"):
        total = access_tokens.listed(1, 1)[1]
        counts.append({"label": "Access tokens", "value": total, "endpoint": "access_tokens.index", "icon": "lock"})
    may_invite = principal.may("members.invite")
    return show(
        "organizations/overview.html",
        organization=organization,
        counts=counts,
        steps=checklist.steps(),
        urls={key: url_for(endpoint) if endpoint else "" for key, endpoint in STEPS.items()},
        is_hidden=people.hides_checklist(signed_in().id),
        is_admin=may_invite,
        may_edit_workspaces=principal.may("workspaces.edit"),
        admins=members.admin_names(),
        failed_mails=outbox.failed_count(organization["id"], "invitation") if may_invite else 0,
    )


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
