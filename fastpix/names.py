"""Names that people give: white space folded, nothing invisible in them; and the addresses made from them."""

from __future__ import annotations

import re
import unicodedata

from fastpix.errors import Invalid


def checked(text: str, most: int, *, field: str = "name", hint: str = "") -> str:
    """The name. Raises `Invalid` when it is empty, longer than `most`, or could deceive a reader.

    Control and format characters are invisible or turn the text around; `://` would make a link of a mail's subject.
    """
    name = " ".join(text.split())
    if not name or len(name) > most:
        raise Invalid(field, f"Give a name of at most {most} characters{hint}.")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") for character in name) or "://" in name:
        raise Invalid(field, "Leave out invisible characters and web addresses.")
    return name


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
