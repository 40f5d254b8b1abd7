"""Forms of members and invitations."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import RadioField, SelectMultipleField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Optional

from fastpix.access import table
from fastpix.resources.members.domain import Workspaces
from fastpix.web.forms import Form, OnceForm, SeenForm, as_uuid

ROLE_CHOICES: dict[str, Any] = {role: role.capitalize() for role in table.ROLES}
ACCESS_CHOICES = {"all": "All workspaces, new ones too", "these": "Only these"}


class AccessForm(SeenForm):
    """Role and workspaces, of a member or of a pending invite."""

    role = RadioField(
        "Role",
        choices=ROLE_CHOICES,
        validators=[InputRequired("Choose admin or member.")],
        render_kw={"consequences": table.ROLE_SENTENCES},
    )
    access = RadioField(
        "Workspaces",
        choices=ACCESS_CHOICES,
        default="all",
        validators=[InputRequired()],
        description="For members. An admin has all workspaces; the choice counts once they are a member.",
    )
    workspaces = SelectMultipleField("Which workspaces", coerce=as_uuid, validate_choice=False)

    def validate_access(self, field: RadioField) -> None:
        """Refuse what contradicts itself: the ticks would be ignored, and somebody see more than was meant."""
        if field.data == "all" and self.workspaces.data:
            raise ValidationError("You ticked workspaces below: choose “Only these”, or untick them.")

    def offer(self, names: dict[str, str]) -> None:
        """Set the workspaces one can choose from."""
        self.workspaces.choices = names

    def fill(self, found: dict[str, Any]) -> None:
        """Show what a member or invite has now; where it was sent, remember that alone."""
        everything = found["workspaces"] == "all"
        chosen = [] if everything else [w["id"] for w in found["workspaces"]]
        if request.method == "GET":
            self.role.data = found["role"]
            self.access.data = "all" if everything else "these"
            self.workspaces.data = chosen
        self.stands(role=found["role"], access="all" if everything else "these", workspaces=chosen)

    @property
    def workspace_access(self) -> Workspaces:
        return "all" if self.access.data == "all" else list(self.workspaces.data or [])


class InviteForm(OnceForm, AccessForm):
    emails = TextAreaField(
        "E-mail addresses",
        validators=[DataRequired("Give at least one mail address.")],
        description="Up to 50, separated by commas, spaces or new lines.",
        render_kw={"rows": "3", "autocomplete": "off", "spellcheck": "false"},
    )


class RemoveForm(Form):
    """The tokens that go over to whoever removes their owner, each with a new secret."""

    adopt = SelectMultipleField(
        "Tokens to adopt", coerce=as_uuid, validate_choice=False, description="They become yours, with new secrets."
    )

    def offer(self, tokens: list[dict[str, Any]]) -> None:
        """Set the tokens one can choose from."""
        self.adopt.choices = {str(token["id"]): f"{token['name']} ({token['workspace_name']})" for token in tokens}


class LeaveForm(Form):
    """The successor is a member's id; empty where nobody need take over."""

    successor = RadioField("Who takes over as admin", validators=[Optional()])
    wire_names = {"successorId": "successor"}
