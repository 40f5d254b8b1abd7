"""People found by the beginnings of their words (`PersonWord`): the conditions, which the index of words serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from fastpix.db import db
from fastpix.resources.people.models import PersonWord

# The greatest code point: closes the range of all texts that begin with a prefix, by the index.
_LAST = "\U0010ffff"
# How far the rows of each word are counted to find the rarest: the next step only where all have so many.
_STEPS = (100, 2_000, 40_000)


def rarest_first(words: Sequence[str]) -> list[str]:
    """The words, with the one that the fewest rows begin with before the others."""
    for most in _STEPS if len(words) > 1 else ():
        counts = {word: _count(word, most) for word in words}
        rarest = min(words, key=lambda word: counts[word])
        if counts[rarest] < most or most == _STEPS[-1]:
            return [rarest, *(word for word in words if word != rarest)]
    return list(words)


def bounds(words: Sequence[str]) -> dict[str, str]:
    """The parameters of `begins` for each of the words."""
    first = {f"beginning_{number}": word for number, word in enumerate(words)}
    return first | {f"end_{number}": word + _LAST for number, word in enumerate(words)}


def begins(number: int, words: Any = PersonWord) -> sa.ColumnElement[bool]:
    """A row of the table `words` begins with the word of this number. Not BETWEEN: PostgreSQL takes no COLLATE inside one."""
    beginning, end = (sa.bindparam(f"{name}_{number}", type_=PersonWord.word.type) for name in ("beginning", "end"))
    return sa.and_(words.word >= beginning, words.word < end)


def has_word(person_id: Any, number: int) -> sa.ColumnElement[bool]:
    """The person of this column has a word that begins so: one look into the index."""
    other = aliased(PersonWord)
    return sa.select(other.word).where(other.person_id == person_id, begins(number, other)).exists()


def _count(word: str, most: int) -> int:
    some = sa.select(PersonWord.person_id).where(begins(0)).limit(most).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some), bounds([word])) or 0
