"""The form of an upload."""

from __future__ import annotations

from wtforms import FileField, HiddenField

from fastpix.resources.media.creation.forms import SettingsForm
from fastpix.web.forms import OnceForm


class UploadForm(OnceForm, SettingsForm):
    """`receipt` and `file_name` keep a file that came with a form that had to come back."""

    file = FileField("File", description="")
    receipt = HiddenField()
    file_name = HiddenField()
