"""Whether captions can be made here, and in which language."""

from __future__ import annotations

from fastpix.errors import Invalid, NotOffered
from fastpix.video import speech


def check_offered(language_code: str) -> None:
    """Raises `NotOffered` where no captions can be made here, `Invalid` for a language that is not known."""
    if reason := speech.missing():
        raise NotOffered(reason)
    if not speech.language_of(language_code):
        raise Invalid("languageCode", "Give the code of a language that speech models know, such as en or de.")
