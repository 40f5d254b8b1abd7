"""Names of servers as browsers write them: other alphabets in the ASCII form of IDNA 2008, mapped by UTS 46.

Python's own codec `idna` speaks the rule of 2003, which makes `strasse.de` of `straße.de`: somebody else's site.
"""

from __future__ import annotations

import re

import idna

LONGEST, LONGEST_PART = 253, 63
_PLAIN = re.compile(r"[a-z0-9_.-]+")


def in_ascii(name: str) -> str:
    """The name in ASCII and lower case, as browsers send it; one in ASCII as it is. Raises UnicodeError for no name.

    Browsers also go to names that IDNA 2008 has no letters for, such as `i❤.ws`: of those only what UTS 46 forbids is
    refused.
    """
    mapped = name.lower() if name.isascii() else idna.uts46_remap(name, std3_rules=False, transitional=False)
    end = "." if mapped.endswith(".") else ""
    labels = [_label(label) for label in mapped.removesuffix(".").split(".")]
    text = ".".join(labels)
    if not all(labels) or len(text) > LONGEST or not (name.isascii() or _PLAIN.fullmatch(text)):
        raise UnicodeError("no name of a server")
    return text + end


def same_in_ascii(name: str) -> str:
    """The same for comparing: what is no name stays as it is, and is equal to itself alone."""
    try:
        return in_ascii(name)
    except UnicodeError:
        return name.lower()


def _label(label: str) -> str:
    text = label if label.isascii() else _punycode(label)
    if len(text) > LONGEST_PART:
        raise UnicodeError("a part of the name is too long")
    return text


def _punycode(label: str) -> str:
    try:
        return idna.alabel(label).decode("ascii")
    except idna.InvalidCodepoint:
        # A symbol: the letters around it still have to go together.
        idna.check_bidi(label)
        idna.check_initial_combiner(label)
        return "xn--" + label.encode("punycode").decode("ascii")
