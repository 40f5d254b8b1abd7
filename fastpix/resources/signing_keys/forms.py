"""Forms of signing keys."""

from __future__ import annotations

from wtforms import SelectField

from fastpix.web.forms import OnceForm, as_uuid


class SigningKeyForm(OnceForm):
    workspace = SelectField("Workspace", coerce=as_uuid, description="The key signs playback of this workspace only.")
    wire_names = {"workspaceId": "workspace"}
