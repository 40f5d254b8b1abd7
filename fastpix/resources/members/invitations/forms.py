"""Forms of invitations."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import DataRequired

from fastpix.resources.members.forms import AccessForm
from fastpix.web.forms import OnceForm


class InviteForm(OnceForm, AccessForm):
    emails = TextAreaField(
        "E-mail addresses",
        validators=[DataRequired("Give at least one mail address.")],
        description="Up to 50, separated by commas, spaces or new lines; as in a mail's header, too: Ada Lovelace <ada@example.com>.",
        render_kw={"rows": "3", "autocomplete": "off", "spellcheck": "false"},
    )
