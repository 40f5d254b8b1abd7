"""Languages as people name them for subtitles and sounds: a code and a name (docs/fastpix-contract.md, section 3.4)."""

from __future__ import annotations

import re

from fastpix.errors import Invalid


def checked_language_code(code: str) -> str:
    """The code. Raises `Invalid`."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", code):
        raise Invalid("languageCode", "Give a language code such as en or en-US.")
    return code


def checked_language_name(name: str) -> str:
    """The name. Raises `Invalid` for what is not in ASCII letters."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z ()-]{0,79}", name):
        raise Invalid("languageName", "Give the language's name in ASCII letters, such as English.")
    return name
