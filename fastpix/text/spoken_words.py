"""Words that are said, as they are kept and asked for: without case and accents; of scripts without blanks any part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from fastpix.text import word_index
from fastpix.text.folded_words import folded

# Of a track, which has some thousands; what comes after is not found.
MOST_KEPT = 20_000
# Shorter words are meant as they stand: each text has hundreds that begin with `a`.
LEAST_BEGINNING = 3
_LONGEST, _LONGEST_PART = 60, 12
_WORD = re.compile(r"[^\W_]+")
# Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without blanks.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def of(texts: Iterable[str]) -> set[str]:
    """The words of the texts, as they are kept."""
    words: set[str] = set()
    for text in texts:
        for word in _WORD.findall(folded(text)):
            if _UNSPACED.search(word):
                words.update(word[at : at + _LONGEST_PART] for at in range(len(word)))
            else:
                words.add(word[:_LONGEST])
        if len(words) >= MOST_KEPT:
            return set(sorted(words)[:MOST_KEPT])
    return words


def asked(text: str) -> set[str]:
    """The words of a question."""
    words = _WORD.findall(folded(text.replace("\0", "")))
    return {word[: _LONGEST_PART if _UNSPACED.search(word) else _LONGEST] for word in words}


def matches(column: Any, word: str) -> sa.ColumnElement[bool]:
    """Whether a kept word is one that this word of a question asks for."""
    return word_index.begins(column, word) if _may_go_on(word) else sa.and_(column == word)


def is_in(text: str, word: str) -> bool:
    """The same of a whole text, such as a sentence."""
    if word not in folded(text):
        return False
    return any(each.startswith(word) if _may_go_on(word) else each == word for each in of([text]))


def _may_go_on(word: str) -> bool:
    return len(word) >= LEAST_BEGINNING or bool(_UNSPACED.search(word))
