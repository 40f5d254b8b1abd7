"""Forms of live streams."""

from __future__ import annotations

from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from fastpix.resources.live_streams.rules import LONGEST_WINDOW, RESOLUTIONS, SHORTEST_WINDOW, StreamOptions
from fastpix.resources.media.forms import MOST_ENTRIES, MetadataForm
from fastpix.resources.playback_ids.forms import POLICY_CHOICES, POLICY_CONSEQUENCES, RESOLUTION_CHOICES
from fastpix.web.forms import Form, OnceForm, SeenForm, as_uuid

NAME = "name"


class WindowForm(Form):
    window = IntegerField(
        "Reconnect window, in seconds",
        default=SHORTEST_WINDOW,
        validators=[
            InputRequired(f"Give {SHORTEST_WINDOW} to {LONGEST_WINDOW} seconds."),
            NumberRange(SHORTEST_WINDOW, LONGEST_WINDOW, f"Give {SHORTEST_WINDOW} to {LONGEST_WINDOW} seconds."),
        ],
        description="How long a broadcast waits for an encoder that lost its connection before it ends: "
        f"{SHORTEST_WINDOW} to {LONGEST_WINDOW}.",
        render_kw={"type": "number", "min": str(SHORTEST_WINDOW), "max": str(LONGEST_WINDOW)},
    )


class StreamForm(OnceForm, WindowForm):
    name = StringField("Name", validators=[DataRequired("Give the stream a name."), Length(max=255)])
    workspace = SelectField("Workspace", coerce=as_uuid)
    policy = RadioField(
        "Who can watch live", choices=POLICY_CHOICES, default="public", render_kw={"consequences": POLICY_CONSEQUENCES}
    )
    dvr = BooleanField(
        "Viewers can go back", description="While the broadcast is on air they can watch its last two hours again."
    )
    recording = BooleanField(
        "Record the broadcasts", default=True, description="When a broadcast ends, it becomes a media of the workspace."
    )
    media_policy = RadioField(
        "Who can watch the recordings",
        choices=POLICY_CHOICES,
        default="public",
        render_kw={"consequences": POLICY_CONSEQUENCES},
    )
    resolution = SelectField(
        "Largest resolution of the recordings",
        choices={name: RESOLUTION_CHOICES[name] for name in RESOLUTIONS},
        default=RESOLUTIONS[0],
        description="Live, viewers see the picture as the encoder sends it.",
    )
    wire_names = {
        "workspaceId": "workspace",
        "accessPolicy": "policy",
        "mediaPolicy": "media_policy",
        "maxResolution": "resolution",
        "reconnectWindow": "window",
        "metadata": "name",
    }

    def options(self) -> StreamOptions:
        return StreamOptions(
            access_policy=self.policy.data,
            max_resolution=self.resolution.data,
            reconnect_window=self.window.data or SHORTEST_WINDOW,
            media_policy=self.media_policy.data,
            metadata={NAME: " ".join((self.name.data or "").split())},
            enable_recording=self.recording.data,
            enable_dvr=self.dvr.data,
        )


class EditForm(WindowForm, MetadataForm, SeenForm):
    """The name is an entry of the metadata, with a field of its own."""

    name = StringField(
        "Name", validators=[Length(max=255)], description="Empty: the beginning of the stream's id is shown."
    )
    wire_names = {"reconnectWindow": "window"}
    most_rows = MOST_ENTRIES - 1

    def metadata(self) -> dict[str, str]:
        rows = super().metadata()
        if NAME in rows:
            raise ValidationError("Metadata: the name has a field of its own.")
        name = " ".join((self.name.data or "").split())
        return ({NAME: name} if name else {}) | rows
