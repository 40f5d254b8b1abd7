"""Mail addresses as people paste them: with names before them, from address books, headers of mails and links."""

from __future__ import annotations

import re
import unicodedata

# Between entries: a comma, semicolon or line end outside of quotation marks and angle brackets.
# Their lengths are bounded, since each opening mark is looked at from there to its end.
_ENTRY = re.compile(r'(?:"(?:[^"\\\n]|\\.){0,200}"|<[^<>\n]{0,400}>|[^,;\n])+')
_BRACKETS = re.compile(r"<([^<>\n]{0,400})>")
# What stands beside brackets, and the addresses that may stand there without some.
_NAMES = re.compile(r'"[^"\n]{0,200}"|<[^<>\n]{0,400}>')
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_SCHEME = "mailto:"


def addresses(text: str) -> list[str]:
    """The addresses in a text, each once, in their order; what is none of them too, so that it can be told.

    `"Lovelace, Ada" <ada@x.example>; Bob <bob@x.example>` and `ada@x.example bob@x.example` are two each.
    """
    found: list[str] = []
    words: list[str] = []  # before a comma they may be the beginning of a name: `Lovelace, Ada <ada@x.example>`
    for match in _ENTRY.finditer(text):
        entry, separator = match[0], text[match.end() : match.end() + 1]
        if bracketed := _BRACKETS.findall(entry):
            found, words = [*found, *bracketed, *_ADDRESS.findall(_NAMES.sub(" ", entry))], []
            continue
        found, words = [*found, *words], entry.split()
        if "@" in entry or separator != ",":
            found, words = [*found, *words], []
    return list(dict.fromkeys(filter(None, map(one, [*found, *words]))))


def one(text: str) -> str:
    """One address, out of what was pasted around it: blanks, invisible letters, `mailto:`, a name and angle brackets."""
    text = _stripped(text)
    if text.endswith(">") and (bracketed := _BRACKETS.findall(text)):
        text = _stripped(bracketed[-1])
    if text[: len(_SCHEME)].lower() == _SCHEME:
        text = _stripped(text[len(_SCHEME) :].partition("?")[0])
    return text


def _stripped(text: str) -> str:
    """Without blanks, quotation marks, and the byte order marks and zero-width blanks of a copy, at both ends alone."""
    edges = "".join(each for each in set(text) if each.isspace() or unicodedata.category(each) == "Cf")
    return text.strip(edges + "\"'")
