"""The form of a simulcast target."""

from __future__ import annotations

from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired
from wtforms.widgets import PasswordInput

from fastpix.web.forms import OnceForm


class SimulcastForm(OnceForm):
    url = StringField(
        "Server address",
        validators=[DataRequired("Give the address of the other server.")],
        description="rtmp:// or rtmps://, as the other server shows it.",
        render_kw={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )
    key = PasswordField(
        "Stream key",
        # A form that comes back keeps what was typed.
        widget=PasswordInput(hide_value=False),
        validators=[DataRequired("Give the stream key that the other server shows.")],
        description="It is sent to that server, and not shown on pages.",
        render_kw={"autocomplete": "new-password", "spellcheck": "false"},
    )
    wire_names = {"streamKey": "key"}
