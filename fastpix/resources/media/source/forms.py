"""Forms of a media's source."""

from __future__ import annotations

from wtforms import BooleanField

from fastpix.web.forms import Form


class SourceForm(Form):
    source = BooleanField("The original file may be downloaded")
