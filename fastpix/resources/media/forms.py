"""Forms of media."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import BooleanField, FileField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from fastpix.web.forms import Form, OnceForm, SeenForm, as_uuid

POLICY_CHOICES = {"public": "Public", "private": "Private"}
POLICY_CONSEQUENCES = {
    "public": "Whoever has the address can watch.",
    "private": "Only who has a token signed with one of the workspace's signing keys can watch.",
}
RESOLUTION_CHOICES = {
    "2160p": "2160p (4K)", "1440p": "1440p", "1080p": "1080p (Full HD)", "720p": "720p (HD)", "480p": "480p", "360p": "360p",
}  # fmt: skip
MP4_CHOICES = {
    "none": "None",
    "capped_4k": "Video (MP4)",
    "audioOnly": "Audio (M4A)",
    "audioOnly,capped_4k": "Video and audio",
}
MOST_ENTRIES = 10
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

    def wanted(self) -> dict[str, Any]:
        """The settings by their names in `asked.Asked`."""
        return {
            "title": self.title.data or "",
            "access_policy": self.policy.data,
            "max_resolution": self.resolution.data,
            "mp4_support": self.mp4.data,
            "creator_id": self.creator.data or "",
            "optimize_audio": self.audio.data,
            "source_access": self.source.data,
        }


class UploadForm(OnceForm, SettingsForm):
    """`receipt` and `file_name` keep a file that came with a form that had to come back."""

    file = FileField("File", description="")
    receipt = HiddenField()
    file_name = HiddenField()


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

    def wanted(self) -> dict[str, Any]:
        times = {"start_time": self.start.data, "end_time": self.end.data}
        return super().wanted() | {name: float(text) for name, text in times.items() if text}


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


class PlaybackIdForm(OnceForm):
    policy = RadioField(
        "Who can watch", choices=POLICY_CHOICES, default="public", render_kw={"consequences": POLICY_CONSEQUENCES}
    )
    resolution = SelectField("Largest resolution", choices={"": "As the media has it"} | RESOLUTION_CHOICES, default="")
    wire_names = {"accessPolicy": "policy"}


class RestrictForm(Form):
    """Rules for sites and programs. The list that the policy does not use is kept beside one that it does."""

    domains_policy = RadioField("Sites that may show it", choices={"allow": "All but some", "deny": "Only some"})
    domains_deny = TextAreaField(
        "Sites that may not",
        description="For “All but some”. One a line, such as example.com or *.example.com.",
        render_kw={"rows": "2"},
    )
    domains_allow = TextAreaField("Sites that may", description="For “Only some”. One a line.", render_kw={"rows": "2"})
    agents_policy = RadioField("Programs that may play it", choices={"allow": "All but some", "deny": "Only some"})
    agents_deny = TextAreaField(
        "Programs that may not",
        description="For “All but some”. A part of the program's name (User-Agent), one a line; large and small letters differ.",
        render_kw={"rows": "2"},
    )
    agents_allow = TextAreaField(
        "Programs that may", description="For “Only some”. One a line.", render_kw={"rows": "2"}
    )

    def fill(self, restrictions: dict[str, Any]) -> None:
        """Show the rules in force."""
        for kind, prefix in KINDS.items():
            rule = restrictions[kind]
            self._fields[f"{prefix}_policy"].data = rule["defaultPolicy"]
            for name in ("allow", "deny"):
                self._fields[f"{prefix}_{name}"].data = "\n".join(rule[name])

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse names that stand where they forbid nothing: the video would be open, and look restricted."""
        is_valid = bool(super().validate(extra_validators))
        for prefix in KINDS.values():
            policy, allow, deny = (self._fields[f"{prefix}_{name}"] for name in ("policy", "allow", "deny"))
            used, unused = (allow, deny) if policy.data == "deny" else (deny, allow)
            if (unused.data or "").strip() and not (used.data or "").strip():
                other = dict(policy.choices)["deny" if policy.data != "deny" else "allow"]
                unused.errors = [f"This counts for “{other}” alone: choose that, or empty this box."]
                is_valid = False
        return is_valid

    def rule(self, kind: str) -> dict[str, Any]:
        """The rule asked for, by the contract's names."""
        lists = {name: self._fields[f"{KINDS[kind]}_{name}"].data or "" for name in ("allow", "deny")}
        policy = self._fields[f"{KINDS[kind]}_policy"].data
        return {"defaultPolicy": policy} | {
            name: [line.strip() for line in text.splitlines() if line.strip()] for name, text in lists.items()
        }


KINDS = {"domains": "domains", "userAgents": "agents"}


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
                "subtitle": "SRT or WebVTT.",
                "audio": "Such as another language; by its address on the web.",
            }
        },
    )
    file = FileField("File with subtitles", description="SRT or WebVTT, at most 5 MB. Or give an address.")
    wire_names = EditTrackForm.wire_names | {"type": "kind"}


class DownloadsForm(Form):
    mp4 = RadioField(
        "Files for download",
        choices=MP4_CHOICES,
        render_kw={
            "consequences": {
                "none": "Viewers can watch only.",
                "capped_4k": "The largest rendition as one file.",
                "audioOnly": "The sound alone.",
            }
        },
    )
    wire_names = {"mp4Support": "mp4"}


class SourceForm(Form):
    source = BooleanField("The original file may be downloaded")
