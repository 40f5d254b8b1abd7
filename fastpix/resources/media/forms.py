"""Forms of media."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import StringField
from wtforms.validators import Length, ValidationError

from fastpix.web.forms import Form, SeenForm

MOST_ENTRIES = 10


class MetadataForm(Form):
    """`metadata` are rows of a name and a value; each submit keeps the filled ones and offers further empty ones."""

    most_rows = MOST_ENTRIES

    def __init__(self, *args: Any, metadata: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = list(metadata.items())
        if request.method == "POST":
            pairs = zip(request.form.getlist("key"), request.form.getlist("value"), strict=False)
            self.rows = [(key.strip(), value) for key, value in pairs if key.strip() or value.strip()][:50]
        self.empty_rows = max(1, min(3, self.most_rows - len(self.rows)))

    def is_sent(self) -> bool:
        """Not when the button only asked for more rows."""
        return "more" not in request.form and super().is_sent()

    def metadata(self) -> dict[str, str]:
        """The filled rows. Raises ValidationError for a value without a name and for a name that stands twice."""
        names = [key for key, _ in self.rows]
        if not all(names):
            raise ValidationError("Metadata: give each value a name.")
        if len(set(names)) < len(names):
            raise ValidationError("Metadata: each name may stand once.")
        return dict(self.rows)


class EditForm(MetadataForm, SeenForm):
    title = StringField("Title", validators=[Length(max=255)])
    creator = StringField("Creator id", validators=[Length(max=255)])
    wire_names = {"creatorId": "creator"}
