"""The form that asks for captions."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import DataRequired, Length

from fastpix.web.forms import OnceForm


class CaptionsForm(OnceForm):
    language_name = StringField(
        "Language that is spoken",
        validators=[DataRequired("Give the language's name, such as English."), Length(max=80)],
        default="English",
        description="As viewers see it in the menu. Captions of this name that were made before are replaced.",
    )
    language_code = StringField(
        "Language code",
        validators=[DataRequired("Give a language code such as en or de."), Length(max=35)],
        default="en",
        description="Such as en, en-US or de.",
    )
    wire_names = {"languageCode": "language_code", "languageName": "language_name"}
