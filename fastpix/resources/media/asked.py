"""What is asked of a media: checked once here for the dashboard, the API and uploads (contract section 3.1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fastpix import addresses, names
from fastpix.errors import Invalid, Refused
from fastpix.resources.media.models import NO_RESTRICTIONS

POLICIES = ("public", "private")
QUALITIES = ("standard", "pro", "premium")
RESOLUTIONS = ("360p", "480p", "720p", "1080p", "1440p", "2160p")
MP4_SUPPORT = ("none", "capped_4k", "audioOnly", "audioOnly,capped_4k")
_DOMAIN = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
MOST_RULES, LONGEST_RULE = 100, 255
MOST_TRACKS = 50


@dataclass
class Policy:
    """Set from the settings by `fastpix.app`: whether files may be fetched from private addresses."""

    allow_private: bool = False


policy = Policy()


@dataclass
class Asked:
    """A media's settings as somebody asked for them. `subtitles` are {url, languageName, languageCode} each."""

    access_policy: str = "public"
    restrictions: dict[str, Any] = field(default_factory=lambda: dict(NO_RESTRICTIONS))
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

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self) -> Asked:
        """Itself, put in order. Raises `Invalid`."""
        choose("accessPolicy", self.access_policy, POLICIES)
        choose("mediaQuality", self.media_quality, QUALITIES)
        choose("maxResolution", self.max_resolution, RESOLUTIONS)
        if self.mp4_support:
            choose("mp4Support", self.mp4_support, MP4_SUPPORT)
        self.mp4_support = "" if self.mp4_support == "none" else self.mp4_support
        self.title, self.creator_id = line("title", self.title), line("creatorId", self.creator_id)
        self.metadata = metadata(self.metadata)
        self.restrictions = {kind: rule(kind, self.restrictions.get(kind)) for kind in NO_RESTRICTIONS}
        self._check_times()
        self._check_subtitles()
        return self

    def _check_subtitles(self) -> None:
        for each in self.subtitles:
            web_address("inputs", each["url"])
            language_code(each["languageCode"])
            language_name(each["languageName"])
        if len(self.subtitles) > MOST_TRACKS:
            raise Invalid("inputs", f"A media has at most {MOST_TRACKS} tracks.")
        languages = [each["languageName"] for each in self.subtitles]
        if len(set(languages)) < len(languages):
            raise Invalid("languageName", "Each language can be there once.")

    def _check_times(self) -> None:
        for name, value in (("startTime", self.start_time), ("endTime", self.end_time)):
            if value is not None and not 0 <= value <= 172_800:
                raise Invalid(name, "Give seconds from 0 on.")
        if self.end_time is not None and self.end_time <= (self.start_time or 0):
            raise Invalid("endTime", "The end must come after the start.")


def choose(name: str, value: str, known: tuple[str, ...]) -> str:
    """The value, if it is a known one. Raises `Invalid`."""
    if value == "drm":
        raise Invalid(name, "This server offers no DRM. Choose public or private.")
    if value not in known:
        raise Invalid(name, f"Choose one of {', '.join(known)}.")
    return value


def line(name: str, value: str, most: int = 255) -> str:
    """A line of text, white space folded, nothing invisible in it. Raises `Invalid`."""
    value = names.visible(" ".join(value.split()), name)
    if len(value) > most:
        raise Invalid(name, f"Use at most {most} characters.")
    return value


def metadata(given: dict[str, Any]) -> dict[str, str]:
    """Names and values of one's own. Raises `Invalid` beyond 10 of them or 255 characters (contract section 1)."""
    if len(given) > 10:
        raise Invalid("metadata", "Use at most 10 entries.")
    for key, value in given.items():
        if not isinstance(value, str) or len(value) > 255 or not 0 < len(key) <= 255:
            raise Invalid("metadata", "Keys and values are texts of at most 255 characters.")
    return dict(given)


def language_code(code: str) -> str:
    """The code. Raises `Invalid`."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", code):
        raise Invalid("languageCode", "Give a language code such as en or en-US.")
    return code


def language_name(name: str) -> str:
    """The name. Raises `Invalid` for what is not in ASCII letters (contract section 3.4)."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z ()-]{0,79}", name):
        raise Invalid("languageName", "Give the language's name in ASCII letters, such as English.")
    return name


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
        addresses.find(str(parts.hostname), 0, allow_private=policy.allow_private, resolve=addresses.written)
    except Refused as refused:
        raise Invalid(name, str(refused)) from None
    return value.strip()


def rule(kind: str, given: Any) -> dict[str, Any]:
    """One rule of restrictions: {defaultPolicy, allow, deny}. Raises `Invalid` (contract section 3.3)."""
    given = given or {}
    policy = given.get("defaultPolicy") or "allow"
    choose("defaultPolicy", policy, ("allow", "deny"))
    return {"defaultPolicy": policy} | {name: _entries(kind, name, given.get(name) or []) for name in ("allow", "deny")}


def _entries(kind: str, name: str, entries: list[Any]) -> list[str]:
    if len(entries) > MOST_RULES:
        raise Invalid(name, f"Use at most {MOST_RULES} entries.")
    for entry in entries:
        if not isinstance(entry, str) or not 0 < len(entry) <= LONGEST_RULE:
            raise Invalid(name, f"Each entry is a text of at most {LONGEST_RULE} characters.")
        if kind == "domains" and not _DOMAIN.fullmatch(entry):
            raise Invalid(name, f"{entry} is no domain. Write example.com, or *.example.com for all below it.")
    return [entry.lower() if kind == "domains" else entry for entry in entries]
