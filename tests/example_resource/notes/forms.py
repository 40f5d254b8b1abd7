"""The form of a new note."""

from __future__ import annotations

from wtforms import SelectField, StringField

from fastpix.web.forms import OnceForm, as_uuid


class NoteForm(OnceForm):
    workspace = SelectField("Workspace", coerce=as_uuid)
    text = StringField("Text", description="Up to 200 characters.")
    wire_names = {"workspaceId": "workspace"}
