"""The organization in the dashboard: overview, who can do what, settings, deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from fastpix.access import principal
from fastpix.resources.members import domain as members
from fastpix.resources.organizations import domain
from fastpix.resources.organizations.forms import OrganizationForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import TypedNameForm
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

pages = Pages(
    "organizations",
    __name__,
    menu=(
        Entry("Overview", "organizations.overview", "home", "organizations.view"),
        Entry(
            "Organization", "organizations.settings", "building", "organizations.view", "Settings", "settings policies"
        ),
        Entry(
            "Who can do what",
            "organizations.access",
            "check",
            "organizations.view",
            "People",
            "roles permissions rights",
        ),
    ),
)


@pages.page(domain.access_table, "GET", "/access")
def access() -> Any:
    """Who can do what, rendered from the role table that the guards read."""
    areas: dict[str, list[Mapping[str, object]]] = {}
    for row in domain.access_table():
        areas.setdefault(row["area"], []).append(row)
    may_view_as = principal.may("members.view_as")
    return show("organizations/access.html", areas=areas, admins=members.admin_names(50), may_view_as=may_view_as)


@pages.page(domain.get, "GET", "/settings")
def settings() -> Any:
    return show(
        "organizations/settings.html",
        organization=domain.get(),
        may=principal.may_each("organizations", "edit", "delete"),
    )


@pages.page(domain.edit, "GET POST", "/settings/edit")
def edit() -> Any:
    organization = domain.get()
    form = OrganizationForm(data=organization) if request.method == "GET" else OrganizationForm()
    form.stands(**organization)
    if form.is_sent():
        with form.catching():
            policies = (
                "members_edit_workspaces",
                "audit_days",
                "require_second_factor",
                "access_review_mail",
                "time_zone",
            )
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
