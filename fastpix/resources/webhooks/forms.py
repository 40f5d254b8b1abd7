"""Forms of webhooks."""

from __future__ import annotations

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from fastpix.resources.webhooks.events import TYPES
from fastpix.web.forms import Form, OnceForm, SeenForm, as_uuid

WHICH = {
    "all": "Everything that happens in the workspace, also events of later versions.",
    "these": "Only what you tick.",
}


class _Fields(Form):
    url = StringField(
        "Address",
        validators=[DataRequired("Give the address of your receiver."), Length(max=1000)],
        description="A public address of your receiver, such as https://example.com/hooks.",
        render_kw={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )
    description = StringField("Description", validators=[Length(max=200)])
    which = RadioField(
        "Events",
        choices={"all": "All", "these": "These"},
        default="all",
        validators=[InputRequired("Choose all or these.")],
        render_kw={"consequences": WHICH},
    )
    events = SelectMultipleField("These events", choices={name: name for name in TYPES})
    is_enabled = BooleanField(
        "Switched on", default=True, description="Off: nothing is sent, and nothing kept for later."
    )

    def validate_events(self, field: SelectMultipleField) -> None:
        if self.which.data == "these" and not field.data:
            raise ValidationError("Tick at least one event, or choose all.")

    @property
    def event_types(self) -> list[str]:
        """The chosen ones; none means all."""
        return list(self.events.data or []) if self.which.data == "these" else []


class WebhookForm(_Fields, OnceForm):
    workspace = SelectField(
        "Workspace", coerce=as_uuid, description="It is told of what happens in this workspace only."
    )
    wire_names = {"workspaceId": "workspace"}


class EditWebhookForm(_Fields, SeenForm):
    """The workspace stays."""
