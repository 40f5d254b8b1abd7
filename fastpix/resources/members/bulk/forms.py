"""The form for many members at once: everything stays as it is unless it is chosen."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from fastpix.access import table
from fastpix.access.table import Role
from fastpix.resources.members.domain import Workspaces
from fastpix.resources.members.forms import ACCESS_CHOICES, ROLE_CHOICES
from fastpix.web.forms import Form, WorkspaceAccess, as_uuid

STAYS = "stays"
AS_IT_IS: dict[str, Any] = {STAYS: "As it is"}


class ChosenForm(WorkspaceAccess, Form):
    """Role and workspaces of the chosen. `memberIds` of the verb are no field: the page names them above the form."""

    role = RadioField(
        "Role",
        choices=AS_IT_IS | ROLE_CHOICES,
        default=STAYS,
        validators=[InputRequired()],
        render_kw={"consequences": table.ROLE_SENTENCES},
    )
    access = RadioField("Workspaces", choices=AS_IT_IS | ACCESS_CHOICES, default=STAYS, validators=[Optional()])
    workspaces = SelectMultipleField("Which workspaces", coerce=as_uuid, validate_choice=False)

    @property
    def new_role(self) -> Role | None:
        """The role that was chosen; None where it stays."""
        return None if self.role.data == STAYS else self.role.data

    @property
    def new_access(self) -> Workspaces | None:
        """The workspaces that were chosen; None where they stay."""
        return None if self.access.data in (STAYS, None) else self.workspace_access
