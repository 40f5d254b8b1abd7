"""Forms of signing keys."""

from __future__ import annotations

from uuid import UUID

from wtforms import SelectField

from fastpix.web.forms import OnceForm


class SigningKeyForm(OnceForm):
    workspace = SelectField("Workspace", coerce=UUID, description="The key signs playback of this workspace only.")
    wire_names = {"workspaceId": "workspace"}
