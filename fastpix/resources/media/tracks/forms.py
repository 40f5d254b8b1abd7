"""Forms of tracks."""

from __future__ import annotations

from wtforms import FileField, RadioField, StringField
from wtforms.validators import DataRequired, Length

from fastpix.web.forms import Form, OnceForm


class EditTrackForm(Form):
    language_code = StringField(
        "Language code",
        validators=[DataRequired("Give a language code such as en or en-US."), Length(max=35)],
        description="Such as en, en-US or de.",
    )
    language_name = StringField(
        "Language",
        validators=[DataRequired("Give the language's name, such as English."), Length(max=80)],
        description="As viewers see it in the menu, such as English.",
    )
    title = StringField("Title", validators=[Length(max=255)])
    url = StringField(
        "Address of the file",
        render_kw={"type": "url", "inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )
    wire_names = {"languageCode": "language_code", "languageName": "language_name"}


class TrackForm(OnceForm, EditTrackForm):
    kind = RadioField(
        "What to add",
        choices={"subtitle": "Subtitles", "audio": "A further sound"},
        default="subtitle",
        render_kw={
            "consequences": {
                "subtitle": "SRT, WebVTT or .ass.",
                "audio": "Such as another language; by its address on the web.",
            }
        },
    )
    file = FileField("File with subtitles", description="SRT, WebVTT or .ass, at most 5 MB. Or give an address.")
    wire_names = EditTrackForm.wire_names | {"type": "kind"}
