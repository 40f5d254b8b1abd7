"""Forms of the files for download."""

from __future__ import annotations

from wtforms import RadioField

from fastpix.web.forms import Form

MP4_CHOICES = {
    "none": "None",
    "capped_4k": "Video (MP4)",
    "audioOnly": "Audio (M4A)",
    "audioOnly,capped_4k": "Video and audio",
}


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
