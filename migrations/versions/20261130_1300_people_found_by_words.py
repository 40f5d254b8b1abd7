"""People are found by every word of name and address, without case and accents: the words of those who are there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261130_words"
down_revision = "20261130_composed"
branch_labels = None
depends_on = None

BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
PEOPLE = sa.table("people", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("email_canonical"))
WORDS = sa.table("person_words", sa.column("person_id", sa.Uuid()), sa.column("word"), sa.column("name"))
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ĸ": "k"}
)
BATCH = 2000


def upgrade() -> None:
    op.create_table(
        "person_words",
        sa.Column("person_id", sa.Uuid()),
        sa.Column("word", BYTEWISE),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "word", name=op.f("pk_person_words")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_words_person_id_people"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_person_words_find", "person_words", ["word", "name", "person_id"])
    connection = op.get_bind()
    last: Any = None
    while people := _people(connection, last):
        connection.execute(sa.insert(WORDS), [row for person in people for row in _rows(person)])
        last = people[-1].id


def downgrade() -> None:
    op.drop_index("ix_person_words_find", "person_words")
    op.drop_table("person_words")


def _people(connection: sa.Connection, after: Any) -> list[Any]:
    """The next people by id, so that many of them are never in memory at once."""
    some = sa.select(PEOPLE.c.id, PEOPLE.c.name, PEOPLE.c.email_canonical).order_by(PEOPLE.c.id).limit(BATCH)
    return list(connection.execute(some if after is None else some.where(PEOPLE.c.id > after)))


def _rows(person: Any) -> Iterator[dict[str, Any]]:
    """The words that find somebody, as fastpix made them that day."""
    address = person.email_canonical
    local, _, domain = address.partition("@")
    wholes = {f"{local[match.start() :]}@{domain}".lower()[:254] for match in re.finditer(r"[^\W_]+", local)}
    name = _folded(person.name)
    for word in sorted(wholes | _words(name) | _words(_folded(address))):
        yield {"person_id": person.id, "word": word, "name": name}


def _words(text: str) -> set[str]:
    return {word[:60] for word in re.findall(r"[^\W_]+", text)}


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in apart if unicodedata.category(letter) != "Mn").translate(PLAIN)
