"""Forms of workspaces."""

from __future__ import annotations

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from fastpix.web.forms import OnceForm, SeenForm

KIND_CHOICES = {"production": "Production", "development": "Development", "staging": "Staging", "qa": "QA"}


class WorkspaceForm(SeenForm):
    name = StringField("Name", validators=[DataRequired("Give the workspace a name."), Length(max=80)])
    kind = SelectField("Type", choices=KIND_CHOICES, default="development")
    description = TextAreaField("Description", validators=[Length(max=500)], render_kw={"rows": "3"})
    wire_names = {"type": "kind"}


class NewWorkspaceForm(OnceForm, WorkspaceForm):
    pass
