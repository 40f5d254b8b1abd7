"""What a media can be asked for, checked once here for the dashboard, the API and uploads.

See docs/fastpix-contract.md, section 3.1.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fastpix.config import instance
from fastpix.errors import Invalid, Refused
from fastpix.outbound import public_address
from fastpix.resources.media.downloads.rules import MP4_SUPPORT
from fastpix.resources.media.tracks.rules import MOST
from fastpix.resources.playback_ids import rules
from fastpix.resources.playback_ids.models import NO_RESTRICTIONS, Drafts
from fastpix.text import naming
from fastpix.text.languages import checked_language_code, checked_language_name
from fastpix.video.speech import check_offered

QUALITIES = ("standard", "pro", "premium")


@dataclass
class Options:
    """What a media is to be like. `subtitles` are {url, languageName, languageCode} each, `captions` the last two.

    `captions` are made here, of what is said.
    """

    access_policy: str = "public"
    restrictions: Drafts = field(default_factory=lambda: NO_RESTRICTIONS)
    metadata: dict[str, str] = field(default_factory=dict)
    title: str = ""
    creator_id: str = ""
    media_quality: str = "standard"
    max_resolution: str = "1080p"
    optimize_audio: bool = False
    source_access: bool = False
    mp4_support: str = ""
    start_time: float | None = None
    end_time: float | None = None
    subtitles: list[dict[str, str]] = field(default_factory=list)
    captions: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self) -> Options:
        """Itself, put in order. Raises `Invalid`."""
        rules.choose("accessPolicy", self.access_policy, rules.POLICIES)
        rules.choose("mediaQuality", self.media_quality, QUALITIES)
        rules.choose("maxResolution", self.max_resolution, rules.RESOLUTIONS)
        if self.mp4_support:
            rules.choose("mp4Support", self.mp4_support, MP4_SUPPORT)
        self.mp4_support = "" if self.mp4_support == "none" else self.mp4_support
        self.title, self.creator_id = line("title", self.title), line("creatorId", self.creator_id)
        self.metadata = metadata(self.metadata)
        self.restrictions = rules.restrictions(self.restrictions)
        self._check_times()
        self._check_subtitles()
        return self

    def _check_subtitles(self) -> None:
        for each in self.subtitles:
            web_address("inputs", each["url"])
            checked_language_code(each["languageCode"])
            checked_language_name(each["languageName"])
        if len(self.subtitles) > MOST:
            raise Invalid("inputs", f"A media has at most {MOST} tracks.")
        if self.captions:
            check_offered(self.captions["languageCode"])
            checked_language_name(self.captions["languageName"])
        languages = [each["languageName"] for each in (*self.subtitles, self.captions) if each]
        if len(set(languages)) < len(languages):
            raise Invalid("languageName", "Each language can be there once.")

    def _check_times(self) -> None:
        for name, value in (("startTime", self.start_time), ("endTime", self.end_time)):
            if value is not None and not 0 <= value <= 172_800:
                raise Invalid(name, "Give seconds from 0 on.")
        if self.end_time is not None and self.end_time <= (self.start_time or 0):
            raise Invalid("endTime", "The end must come after the start.")


def line(name: str, value: str, most: int = 255) -> str:
    """A line of text, white space folded, nothing invisible in it. Raises `Invalid`."""
    value = naming.visible(" ".join(value.split()), name)
    if len(value) > most:
        raise Invalid(name, f"Use at most {most} characters.")
    return value


def metadata(entries: dict[str, Any]) -> dict[str, str]:
    """Names and values of one's own. Raises `Invalid` beyond 10 of them or 255 characters.

    See docs/fastpix-contract.md, section 1.
    """
    if len(entries) > 10:
        raise Invalid("metadata", "Use at most 10 entries.")
    for key, value in entries.items():
        if not isinstance(value, str) or len(value) > 255 or not 0 < len(key) <= 255:
            raise Invalid("metadata", "Keys and values are texts of at most 255 characters.")
    return dict(entries)


def file_name(name: str) -> str:
    """The name of a file, without what could break a line or a header, at most 255 characters."""
    return "".join(c for c in name if unicodedata.category(c)[0] != "C")[:255]


def web_address(name: str, value: str) -> str:
    """An http(s) address. Raises `Invalid`; where it is written in numbers and not public, too.

    A name is looked up when the file is fetched, and every address it has is checked then.
    """
    try:
        parts = urlsplit(value.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and len(value) <= 4000
    except ValueError:
        is_good = False
    if not is_good:
        raise Invalid(name, "Give an address that begins with http:// or https://.")
    try:
        allow_private = instance.settings().fetch_allow_private
        public_address.find(str(parts.hostname), 0, allow_private=allow_private, resolve=public_address.written)
    except Refused as refused:
        raise Invalid(name, str(refused)) from None
    return value.strip()
