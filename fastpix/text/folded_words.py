"""Words as people search for them: without case, accents and forms of Unicode, so that `muller` finds `Müller`."""

from __future__ import annotations

import re
import unicodedata

# Of a question; what else stands in it narrows nothing any more.
MOST_ASKED = 8
_LONGEST = 60
# Letters with a stroke or of two letters, which Unicode does not take apart.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ĸ": "k"}
)


def folded(text: str) -> str:
    """The text in small letters without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in apart if unicodedata.category(letter) != "Mn").translate(_PLAIN)


def of_person(name: str, address: str) -> set[str]:
    """The words that find somebody: of the name, of the address, and the address from each word of its local part on."""
    local, _, domain = address.partition("@")
    wholes = {f"{local[match.start() :]}@{domain}".lower()[:254] for match in re.finditer(r"[^\W_]+", local)}
    return _words(name) | _words(address) | wholes


def asked(text: str) -> list[str]:
    """The words of a question, the longest first. What holds an `@` behind its beginning is part of an address."""
    found: set[str] = set()
    for part in text.split():
        is_address = "@" in part.lstrip("@")
        found |= {folded(part.lstrip("@")).replace("\0", "")[:254]} if is_address else _words(part)
    return sorted(found, key=lambda word: (-len(word), word))[:MOST_ASKED]


def _words(text: str) -> set[str]:
    return {word[:_LONGEST] for word in re.findall(r"[^\W_]+", folded(text))}
