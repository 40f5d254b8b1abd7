"""Form of the access review."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import Length

from fastpix.web.forms import OnceForm


class ReviewedForm(OnceForm):
    note = StringField(
        "Note",
        validators=[Length(max=500)],
        description="What you looked at, or changed. It is kept in the audit log.",
    )
