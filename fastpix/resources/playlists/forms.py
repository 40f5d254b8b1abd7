"""Forms of playlists."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from fastpix.resources.playlists.rules import MOST_MEDIA
from fastpix.web.forms import Form, OnceForm, SeenForm, as_uuid

TYPES = {"manual": "Manual", "smart": "Smart"}
CONSEQUENCES = {
    "manual": "You choose the media and put them in order.",
    "smart": "It fills itself with all media that was created or changed in the days you give below.",
}
ORDERS = {"createdDate DESC": "Newest first", "createdDate ASC": "Oldest first"}


class PlaylistForm(SeenForm):
    name = StringField("Name", validators=[DataRequired("Give the playlist a name."), Length(max=255)])
    description = TextAreaField("Description", validators=[Length(max=1000)], render_kw={"rows": "3"})


class NewPlaylistForm(OnceForm, PlaylistForm):
    """The days and the order are asked of everybody and count for smart playlists only."""

    workspace = SelectField("Workspace", coerce=as_uuid, description="The playlist holds media of this workspace only.")
    type = RadioField("Type", choices=TYPES, default="manual", render_kw={"consequences": CONSEQUENCES})
    reference_id = StringField(
        "Reference ID",
        validators=[Length(max=255)],
        description="Your own name for it, under which your programs find it. Unique in the workspace.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    limit = IntegerField(
        "Most media it holds",
        default=MOST_MEDIA,
        validators=[InputRequired(f"Give a number from 1 to {MOST_MEDIA}."), NumberRange(1, MOST_MEDIA)],
        render_kw={"min": "1", "max": str(MOST_MEDIA)},
    )
    created_from = DateField("Created from", validators=[Optional()], description="Days are those of UTC.")
    created_until = DateField("Created until", validators=[Optional()], description="This day counts too.")
    updated_from = DateField("Changed from", validators=[Optional()], description="Days are those of UTC.")
    updated_until = DateField("Changed until", validators=[Optional()], description="This day counts too.")
    play_order = SelectField("Play order", choices=ORDERS)
    wire_names = {
        "workspaceId": "workspace",
        "referenceId": "reference_id",
        "playOrder": "play_order",
        "metadata": "created_from",
        "metadata.createdDate.startDate": "created_from",
        "metadata.createdDate.endDate": "created_until",
        "metadata.updatedDate.startDate": "updated_from",
        "metadata.updatedDate.endDate": "updated_until",
    }

    @property
    def rules(self) -> dict[str, Any]:
        """The rules as the domain takes them."""
        ranges = {
            "createdDate": (self.created_from, self.created_until),
            "updatedDate": (self.updated_from, self.updated_until),
        }
        return {
            name: {"startDate": _day(start), "endDate": _day(end)}
            for name, (start, end) in ranges.items()
            if start.data or end.data
        }


class AddMediaForm(Form):
    media = SelectMultipleField("Media to add", coerce=as_uuid, validators=[DataRequired("Choose at least one.")])
    wire_names = {"mediaIds": "media"}


def _day(field: DateField) -> str:
    return field.data.isoformat() if field.data else ""
