"""People: one row a human, whatever organizations they belong to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, Bytewise, id_column, now


class Person(Base):
    """`email` is shown and written to; `email_canonical` (ASCII, lower case) is the only form ever compared."""

    __tablename__ = "people"

    id: Mapped[UUID] = id_column()
    email: Mapped[str] = mapped_column(sa.String(254))
    email_canonical: Mapped[str] = mapped_column(Bytewise, unique=True)
    email_verified_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(sa.String(120))
    name_folded: Mapped[str] = mapped_column(Bytewise, index=True)
    password_hash: Mapped[str] = mapped_column(sa.String(255), default="")
    # Since when signing in asks for a second factor; None while it does not.
    second_factor_at: Mapped[datetime | None]
    # A fresh proof from before this moment counts no more: a role of the person changed.
    rights_changed_at: Mapped[datetime | None]
    # Whether the first steps on the overview are put away.
    hides_checklist: Mapped[bool] = mapped_column(default=False)
    # Looks after the whole instance. Set by the command `fastpix operator` alone.
    is_operator: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    theme: Mapped[str] = mapped_column(sa.String(8), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class PersonWord(Base):
    """A word of a person's name or address, folded: search finds words by their beginning, by the index, in its order.

    `name` is the whole name, folded; it puts those who have the same word in the order of their names.
    """

    __tablename__ = "person_words"
    __table_args__ = (sa.Index("ix_person_words_find", "word", "name", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)
    name: Mapped[str] = mapped_column(Bytewise)
