"""View as member: the page that begins it, and the button of the banner that ends it."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, SelectMultipleField, ValidationError
from wtforms.validators import InputRequired

from fastpix.access import identity
from fastpix.accounts import viewing
from fastpix.resources.members import domain as members
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import AnywayForm, Form, as_uuid
from fastpix.web.resource import Pages, go, show, signed_in

pages = Pages("viewing", __name__, "/view-as-member")
outside = Pages("viewing_end", __name__, "/account/view-as-member", org=False)

CHOICES = {"all": "All workspaces", "these": "Only these"}


class ViewForm(Form):
    """Whose eyes: those of a member with these workspaces."""

    access = RadioField("A member with", choices=CHOICES, default="all", validators=[InputRequired()])
    workspaces = SelectMultipleField("Which workspaces", coerce=as_uuid, validate_choice=False)

    def validate_access(self, field: RadioField) -> None:
        """Refuse what contradicts itself."""
        if field.data == "all" and self.workspaces.data:
            raise ValidationError("You ticked workspaces below: choose “Only these”, or untick them.")


@pages.page(viewing.start, "GET POST", "/")
def start() -> Any:
    form = ViewForm()
    form.workspaces.choices = workspaces.choices()
    if form.is_sent():
        with form.catching():
            reach: members.Workspaces = "all" if form.access.data == "all" else list(form.workspaces.data or [])
            viewing.start(signed_in().session_id, reach)
            return go("organizations.overview")
    return show("accounts/view_as.html", form=form)


@outside.page(viewing.end, "GET POST", "/end")
def end() -> Any:
    form = AnywayForm()
    if form.is_sent():
        viewing.end(signed_in().session_id)
        where = next(
            (s for s in identity.standings() if s.organization_id == signed_in().viewing_organization_id), None
        )
        said = "You look with your own eyes again."
        return go("organizations.overview", said, org=where.slug) if where else go("accounts.home", said)
    return show("accounts/view_as_end.html", form=form)
