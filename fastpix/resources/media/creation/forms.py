"""Forms that make a media."""

from __future__ import annotations

from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional, Regexp

from fastpix.resources.media.downloads.forms import MP4_CHOICES
from fastpix.resources.media.options import Options
from fastpix.resources.playback_ids.forms import POLICY_CHOICES, POLICY_CONSEQUENCES, RESOLUTION_CHOICES
from fastpix.web.forms import Form, OnceForm, as_uuid

TIMESTAMP = r"\d+(\.\d{1,3})?"


class SettingsForm(Form):
    """What an upload and a media from the web are asked for alike."""

    workspace = SelectField("Workspace", coerce=as_uuid)
    title = StringField("Title", validators=[Length(max=255)], description="Empty: the name of the file is shown.")
    policy = RadioField(
        "Who can watch", choices=POLICY_CHOICES, default="public", render_kw={"consequences": POLICY_CONSEQUENCES}
    )
    resolution = SelectField(
        "Largest resolution", choices=RESOLUTION_CHOICES, default="1080p", description="Never more than the source has."
    )
    mp4 = SelectField("Files for download", choices=MP4_CHOICES, default="none")
    creator = StringField("Creator id", validators=[Length(max=255)], description="Your own name for who made it.")
    audio = BooleanField("Even out the loudness")
    source = BooleanField("Let admins download the original file later")
    wire_names = {
        "workspaceId": "workspace",
        "accessPolicy": "policy",
        "creatorId": "creator",
        "maxResolution": "resolution",
    }

    def options(self) -> Options:
        """As the domain takes them."""
        return Options(
            title=self.title.data or "",
            access_policy=self.policy.data,
            max_resolution=self.resolution.data,
            mp4_support=self.mp4.data,
            creator_id=self.creator.data or "",
            optimize_audio=self.audio.data,
            source_access=self.source.data,
        )


class UrlForm(OnceForm, SettingsForm):
    url = StringField(
        "Address of the file",
        validators=[DataRequired("Give the address of a video or audio file.")],
        description="http:// or https://. The server fetches it; a page that shows a video will not do.",
        render_kw={"type": "url", "inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )
    start = StringField(
        "Begin at second", validators=[Optional(), Regexp(rf"^{TIMESTAMP}$", message="Give seconds, such as 12.5.")]
    )
    end = StringField(
        "End at second", validators=[Optional(), Regexp(rf"^{TIMESTAMP}$", message="Give seconds, such as 90.")]
    )
    wire_names = SettingsForm.wire_names | {"startTime": "start", "endTime": "end"}

    def options(self) -> Options:
        options = super().options()
        options.start_time = float(self.start.data) if self.start.data else None
        options.end_time = float(self.end.data) if self.end.data else None
        return options
