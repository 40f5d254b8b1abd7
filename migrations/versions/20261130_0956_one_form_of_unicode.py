"""Names of people and titles of media in one form of Unicode (NFC), as all texts come in from now on.

A Mac writes `é` as two characters, and who searched with one found nothing. Names of things follow in a later step: those
of workspaces are unique, and two might become one.
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "20261130_composed"
down_revision = "20261130_credential"
branch_labels = None
depends_on = None

PEOPLE = sa.table("people", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("name_folded"))
MEDIA = sa.table(
    "media",
    sa.column("id", sa.Uuid()),
    sa.column("title"),
    sa.column("title_folded"),
    sa.column("source_name"),
    sa.column("workspace_id", sa.Uuid()),
    sa.column("organization_id", sa.Uuid()),
)
WORDS = sa.table(
    "media_words",
    sa.column("media_id", sa.Uuid()),
    sa.column("word"),
    sa.column("workspace_id", sa.Uuid()),
    sa.column("organization_id", sa.Uuid()),
)


def upgrade() -> None:
    connection = op.get_bind()
    for person in connection.execute(sa.select(PEOPLE.c.id, PEOPLE.c.name)).all():
        if (name := _composed(person.name)) != person.name:
            values = {"name": name, "name_folded": name.lower()}
            connection.execute(sa.update(PEOPLE).where(PEOPLE.c.id == person.id).values(**values))
    columns = [MEDIA.c[name] for name in ("id", "title", "source_name", "workspace_id", "organization_id")]
    for media in connection.execute(sa.select(*columns)).all():
        title, source_name = _composed(media.title), _composed(media.source_name)
        if (title, source_name) != (media.title, media.source_name):
            values = {"title": title, "title_folded": title.casefold(), "source_name": source_name}
            connection.execute(sa.update(MEDIA).where(MEDIA.c.id == media.id).values(**values))
            _index(connection, media, f"{title} {source_name}")


def downgrade() -> None:
    """Nothing to undo: the texts look the same."""


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _index(connection: sa.Connection, media: sa.Row[tuple[object, ...]], text: str) -> None:
    """The words that find the media, as fastpix made them that day."""
    connection.execute(sa.delete(WORDS).where(WORDS.c.media_id == media.id))
    words = re.findall(r"\w+", text.casefold().replace("_", " "))[:30]
    for word in {word[:60] for word in words}:
        row = {"workspace_id": media.workspace_id, "organization_id": media.organization_id}
        connection.execute(sa.insert(WORDS).values(media_id=media.id, word=word, **row))
