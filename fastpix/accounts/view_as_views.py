"""View as member: the page that begins it, and the button of the banner that ends it."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired

from fastpix.accounts import identity, view_as
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import AnywayForm, Form, WorkspaceAccess, as_uuid
from fastpix.web.pages import Pages, go, show, signed_in

pages = Pages("viewing", __name__, "/view-as-member")
outside = Pages("viewing_end", __name__, "/account/view-as-member", org=False)

CHOICES = {"all": "All workspaces", "these": "Only these"}


class ViewForm(WorkspaceAccess, Form):
    """Whose eyes: those of a member with these workspaces."""

    access = RadioField("A member with", choices=CHOICES, default="all", validators=[InputRequired()])
    workspaces = SelectMultipleField("Which workspaces", coerce=as_uuid, validate_choice=False)


@pages.page(view_as.start, "GET POST", "/")
def start() -> Any:
    form = ViewForm()
    form.offer(workspaces.choices())
    if form.is_sent():
        with form.catching():
            view_as.start(signed_in().session_id, form.workspace_access)
            return go("organizations.overview")
    return show("accounts/view_as.html", form=form)


@outside.page(view_as.end, "GET POST", "/end")
def end() -> Any:
    form = AnywayForm()
    if form.is_sent():
        view_as.end(signed_in().session_id)
        viewed = identity.membership_of(signed_in().viewing_organization_id)
        message = "You look with your own eyes again."
        return go("organizations.overview", message, org=viewed.slug) if viewed else go("accounts.home", message)
    return show("accounts/view_as_end.html", form=form)
