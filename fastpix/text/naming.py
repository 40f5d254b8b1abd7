"""Names that people give: white space folded, nothing invisible in them; and the addresses made from them."""

from __future__ import annotations

import re
import unicodedata

from fastpix.errors import Invalid

JOINERS = "\u200c\u200d"
BREAKS = "\n\r\t"


# NFC makes ASCII of these three (Kelvin sign, Greek question mark, Greek varia). They stay: an address that has one must
# not become somebody else's.
LIKE_ASCII = "\u212a\u037e\u1fef"
_LIKE_ASCII = re.compile(f"([{LIKE_ASCII}])")


def composed(text: str) -> str:
    """The text in the one form that texts are kept and compared in (NFC): a Mac writes `é` as two characters, others as one."""
    if text.isascii():
        return text
    return "".join(
        part if part in LIKE_ASCII else unicodedata.normalize("NFC", part) for part in _LIKE_ASCII.split(text)
    )


def checked(text: str, most: int, *, field: str = "name", hint: str = "") -> str:
    """The name. Raises `Invalid` when it is empty, longer than `most`, or could deceive a reader.

    Control and format characters are invisible or turn the text around; `://` would make a link of a mail's subject.
    """
    name = " ".join(composed(text).split())
    if not name or len(name) > most:
        raise Invalid(field, f"Give a name of at most {most} characters{hint}.")
    if any(map(_is_invisible, name)) or "://" in name:
        raise Invalid(field, "Leave out invisible characters and web addresses.")
    return name


def visible(text: str, field: str) -> str:
    """The text, of a thing and not of a person: a title, a description. Raises `Invalid` for what could deceive a reader.

    Lines may end in it, and letters be joined: Persian and emoji are not written without joiners, and titles are no
    names to be taken for another's.
    """
    if any(_is_invisible(character) and character not in JOINERS + BREAKS for character in text):
        raise Invalid(field, "Leave out invisible characters.")
    return composed(text)


def cleaned(text: str) -> str:
    """The text without what `visible` refuses: of texts that nobody typed, or that were kept before that was refused."""
    return "".join(
        character for character in composed(text) if not _is_invisible(character) or character in JOINERS + BREAKS
    )


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")


def slug(name: str, otherwise: str) -> str:
    """The name for an address: lower-case ASCII letters, digits and hyphens, at most 32; `otherwise` if none is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:32].strip("-") or otherwise


def free(wanted: str, taken: set[str] | frozenset[str]) -> str:
    """The wanted slug, or the first of `wanted-2`, `wanted-3`, … that is not taken."""
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    return found
