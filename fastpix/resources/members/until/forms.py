"""The form for the end of a membership."""

from __future__ import annotations

from datetime import date

from wtforms import DateField, RadioField
from wtforms.validators import InputRequired, Optional

from fastpix.errors import Invalid
from fastpix.web.forms import Form


class UntilForm(Form):
    """Whether there is an end, and the day."""

    kind = RadioField(
        "Access",
        choices={"day": "Until a day", "none": "Without an end"},
        default="day",
        validators=[InputRequired("Choose one of the two.")],
    )
    ends_on = DateField("Last day", validators=[Optional()])
    wire_names = {"endsOn": "ends_on"}

    @property
    def day(self) -> date | None:
        """The last day; None for no end. Raises `Invalid` where one is to be chosen and none is."""
        if self.kind.data == "none":
            return None
        if self.ends_on.data is None:
            raise Invalid("endsOn", "Choose the last day of access.")
        chosen: date = self.ends_on.data
        return chosen
