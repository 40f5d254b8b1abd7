"""Doing a thing once: one-time form keys, and replayed answers for the API's `Idempotency-Key`."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, affected_rows, db, id_column, now
from fastpix.errors import Refused

FORM_KEY_LIFE = timedelta(days=2)
ANSWER_LIFE = timedelta(minutes=15)


class FormKey(Base):
    """A form that was sent. Its key is written with the form's change, so the same form changes things once."""

    __tablename__ = "form_keys"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class KeptAnswer(Base):
    """The answer to a create with an `Idempotency-Key`, sealed, since it may hold a secret; kept for minutes."""

    __tablename__ = "kept_answers"
    __table_args__ = (sa.UniqueConstraint("of_token_id", "operation", "key"),)

    id: Mapped[UUID] = id_column()
    of_token_id: Mapped[UUID]
    operation: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(sa.String(200))
    body_hash: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int]
    sealed: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(default=now, index=True)


def use(key: str) -> None:
    """Use up a form's key in the current transaction. Raises `Refused` when it was used before."""
    db.session.add(FormKey(key=key[:64]))
    try:
        db.session.flush()
    except sa.exc.IntegrityError:
        db.session.rollback()
        raise Refused(
            "This form was sent already, and nothing was done twice. Look at the list to see the result."
        ) from None


def stored_answer(token_id: UUID, operation: str, key: str) -> KeptAnswer | None:
    """The answer stored for this key, if it is still young enough to be given again."""
    return db.session.scalar(
        sa.select(KeptAnswer).where(
            KeptAnswer.of_token_id == token_id,
            KeptAnswer.operation == operation,
            KeptAnswer.key == key,
            KeptAnswer.at > now() - ANSWER_LIFE,
        )
    )


def reserve(answer: KeptAnswer) -> bool:
    """Claim a key before its change is made; False when another request claimed it meanwhile (and has finished).

    The row is written first, so that of equal requests at the same moment the second waits for the first to end.
    """
    outlived = sa.delete(KeptAnswer).where(
        KeptAnswer.of_token_id == answer.of_token_id,
        KeptAnswer.operation == answer.operation,
        KeptAnswer.key == answer.key,
        KeptAnswer.at <= now() - ANSWER_LIFE,
    )
    db.session.execute(outlived.execution_options(synchronize_session=False))
    db.session.add(answer)
    try:
        db.session.flush()
    except sa.exc.IntegrityError:
        db.session.rollback()
        return False
    return True


def prune() -> int:
    """Delete what has outlived its use; how many rows that were. The worker calls it."""
    lives = ((FormKey, FORM_KEY_LIFE), (KeptAnswer, ANSWER_LIFE))
    return sum(affected_rows(sa.delete(model).where(model.at < now() - life)) for model, life in lives)
