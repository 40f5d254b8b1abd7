"""Forms of members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from fastpix.access import table
from fastpix.resources.members.domain import Workspaces
from fastpix.web.forms import Form, SeenForm, WorkspaceAccess, as_uuid

ROLE_CHOICES: dict[str, Any] = {role: role.capitalize() for role in table.ROLES}
ACCESS_CHOICES = {"all": "All workspaces, new ones too", "these": "Only these"}


class AccessForm(WorkspaceAccess, SeenForm):
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

    def fill(self, role: table.Role, workspace_access: Workspaces) -> None:
        """Show what a member or invite has now; where it was sent, remember that alone."""
        access, granted = ("all", []) if workspace_access == "all" else ("these", workspace_access)
        if request.method == "GET":
            self.role.data, self.access.data, self.workspaces.data = role, access, granted
        self.stands(role=role, access=access, workspaces=granted)


class RemoveForm(Form):
    """The tokens that go over to whoever removes their owner, each with a new secret."""

    adopt = SelectMultipleField(
        "Tokens to adopt", coerce=as_uuid, validate_choice=False, description="They become yours, with new secrets."
    )

    def offer(self, tokens: Iterable[Mapping[str, object]]) -> None:
        """Set the tokens one can choose from."""
        self.adopt.choices = {str(token["id"]): f"{token['name']} ({token['workspace_name']})" for token in tokens}


class LeaveForm(Form):
    """The successor is a member's id; empty where nobody need take over."""

    successor = RadioField("Who takes over as admin", validators=[Optional()])
    wire_names = {"successorId": "successor"}
