"""Forms of workspaces."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from fastpix.web.forms import OnceForm, SeenForm

KIND_CHOICES = {"production": "Production", "development": "Development", "staging": "Staging", "qa": "QA"}


class WorkspaceForm(SeenForm):
    name = StringField("Name", validators=[DataRequired("Give the workspace a name."), Length(max=80)])
    kind = SelectField("Type", choices=KIND_CHOICES, default="development")
    description = TextAreaField("Description", validators=[Length(max=500)], render_kw={"rows": "3"})
    captions = BooleanField(
        "Make captions of every upload",
        description="Of each file that comes in from now on and has a sound, on this server.",
    )
    captions_name = StringField(
        "Language that is spoken",
        validators=[Length(max=80)],
        description="As viewers see it in the menu, such as English.",
    )
    captions_code = StringField("Language code", validators=[Length(max=35)], description="Such as en, en-US or de.")
    wire_names = {"type": "kind", "languageCode": "captions_code", "languageName": "captions_name"}

    def language(self) -> tuple[str, str]:
        """Code and name of the captions' language, as the domain takes them."""
        return (self.captions_code.data or "", self.captions_name.data or "") if self.captions.data else ("", "")


class NewWorkspaceForm(OnceForm, WorkspaceForm):
    pass
