"""Members found by the beginnings of words of their name or address, in the order of those words, then of names.

In that order an index gives a page of 25 without sorting the tens of thousands whom a frequent word fits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from fastpix.db import db
from fastpix.resources.members import queries
from fastpix.resources.members.models import Member
from fastpix.resources.people import queries as words
from fastpix.resources.people.models import PersonWord
from fastpix.text import folded_words

# In an organization of so many everybody is looked through; the index of words holds the people of the whole instance.
FEW = 2000
_ORDER = (PersonWord.word, PersonWord.name, PersonWord.person_id)


class Cursor(NamedTuple):
    """The place of a member in the list of those who match; `lead` is the word of the question that orders it."""

    lead: str
    person_id: UUID
    word: str
    name: str

    def __str__(self) -> str:
        return f"{self.lead}~{self.person_id.hex}~{self.word}~{self.name}"


def page(
    *, query: str, role: str = "", status: str = "", after: str = "", before: str = "", limit: int = queries.PAGE
) -> queries.Page:
    """Some of those in whose name or address each word of `query` begins one. `after` and `before` are cursors."""
    backwards, wanted = bool(before), folded_words.asked(query)
    cursor = parse_cursor(before or after, wanted)
    if not wanted:
        return queries.Page([], None, None, None)
    # The pages beside this one go on by the same word, whatever is rarest by then.
    wanted = [cursor.lead, *(word for word in wanted if word != cursor.lead)] if cursor else words.rarest_first(wanted)
    rows = _rows(wanted, queries.known(role, status), cursor, backwards, limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    cursors = [str(Cursor(wanted[0], row.person_id, row.word, row.folded)) for row in rows]
    back = cursors[0] if cursors and (more if backwards else cursor is not None) else None
    on = cursors[-1] if cursors and (backwards or more) else None
    return queries.Page(queries.as_dicts(rows), back, on, None)


def parse_cursor(text: str, wanted: list[str]) -> Cursor | None:
    """A page's cursor; None for an empty or broken one, or one of another question, which shows the first page."""
    lead, _, rest = text.replace("\0", "").partition("~")
    person_id, _, place = rest.partition("~")
    word, _, name = place.partition("~")
    try:
        return Cursor(lead, UUID(person_id), word, name) if lead in wanted else None
    except ValueError:
        return None


def _rows(
    wanted: list[str], filters: tuple[str, str], cursor: Cursor | None, backwards: bool, most: int
) -> list[sa.Row[*tuple[Any, ...]]]:
    role, status = filters
    parameters: dict[str, Any] = {**words.bounds(wanted), "role": role, "few": FEW, "rows": most}
    if cursor:
        parameters |= {"word": cursor.word, "name": cursor.name, "person_id": cursor.person_id}
    is_small = queries.count() <= FEW
    statement = _statement(len(wanted), (bool(role), status), is_small, cursor is not None, backwards)
    return list(db.session.execute(statement, parameters))


@lru_cache(maxsize=128)
def _statement(
    count: int, filters: tuple[bool, str], is_small: bool, has_place: bool, backwards: bool
) -> sa.Select[Any]:
    people = sa.select(*_ORDER).where(words.begins(0), _is_first_word(), _is_member(*filters, is_small))
    people = people.where(*(words.has_word(PersonWord.person_id, number) for number in range(1, count)))
    if has_place:
        types = (
            ("word", PersonWord.word.type),
            ("name", PersonWord.name.type),
            ("person_id", PersonWord.person_id.type),
        )
        place = sa.tuple_(*(sa.bindparam(name, type_=kind) for name, kind in types))
        people = people.where(sa.tuple_(*_ORDER) < place if backwards else sa.tuple_(*_ORDER) > place)
    people = people.order_by(*(each.desc() if backwards else each for each in _ORDER))
    few = people.limit(sa.bindparam("rows")).subquery()
    rows = queries.ROWS.add_columns(few.c.word, few.c.name.label("folded")).join(
        few, few.c.person_id == Member.person_id
    )
    order = (few.c.word, few.c.name, few.c.person_id)
    return rows.order_by(*(each.desc() if backwards else each for each in order))


def _is_first_word() -> sa.ColumnElement[bool]:
    """Whoever has several words that begin so stands where the first of them does."""
    other = aliased(PersonWord)
    earlier = sa.select(other.word).where(other.person_id == PersonWord.person_id, words.begins(0, other))
    return sa.not_(earlier.where(other.word < PersonWord.word).exists())


def _is_member(has_role: bool, status: str, is_small: bool) -> sa.ColumnElement[bool]:
    """From the members' side in a small organization, from the side of the words, one question each, in a large one."""
    members = sa.select(Member.person_id)
    if has_role:
        members = members.where(Member.role == sa.bindparam("role", type_=Member.role.type))
    if status:
        members = members.where(queries.STATUSES[status])
    if is_small:
        return PersonWord.person_id.in_(members.limit(sa.bindparam("few")))
    return members.where(Member.person_id == PersonWord.person_id).exists()
