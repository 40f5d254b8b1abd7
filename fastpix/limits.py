"""Short-lived limits, counted in the application's database so that all processes share one count.

The `limits` library does the arithmetic; this is its storage (in memory, two processes would allow twice as much).
"""

from __future__ import annotations

import time
from typing import Any

import limits
import limits.storage
import limits.strategies
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, db
from fastpix.errors import TooMany


class LimitCount(Base):
    """How often something happened in the window that ends at `ends_at` (seconds since 1970)."""

    __tablename__ = "limit_counts"

    key: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[float] = mapped_column(index=True)


class DatabaseStorage(limits.storage.Storage):
    """Counts in `limit_counts`, in the caller's session: the caller commits."""

    STORAGE_SCHEME = ["fastpix"]

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        at = time.time()
        known = db.session.execute(
            sa.update(LimitCount)
            .where(LimitCount.key == key, LimitCount.ends_at > at)
            .values(count=LimitCount.count + amount)
            .returning(LimitCount.count)
            .execution_options(synchronize_session=False)
        ).scalar()
        if known is not None:
            return int(known)
        db.session.execute(
            sa.delete(LimitCount).where(LimitCount.ends_at <= at).execution_options(synchronize_session=False)
        )
        return self._insert(key, amount, at + expiry)

    def _insert(self, key: str, amount: int, ends_at: float) -> int:
        # Neither is in SQLAlchemy's common part; both databases spell this upsert alike.
        insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[db.session.get_bind().dialect.name]
        statement = insert(LimitCount).values(key=key, count=amount, ends_at=ends_at)
        statement = statement.on_conflict_do_update(
            index_elements=["key"], set_={"count": LimitCount.count + amount}
        ).returning(LimitCount.count)
        return int(db.session.execute(statement).scalar_one())

    def get(self, key: str) -> int:
        found = sa.select(LimitCount.count).where(LimitCount.key == key, LimitCount.ends_at > time.time())
        return db.session.scalar(found) or 0

    def get_expiry(self, key: str) -> float:
        return db.session.scalar(sa.select(LimitCount.ends_at).where(LimitCount.key == key)) or time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return None

    def clear(self, key: str) -> None:
        db.session.execute(
            sa.delete(LimitCount).where(LimitCount.key == key).execution_options(synchronize_session=False)
        )


_limiter = limits.strategies.FixedWindowRateLimiter(DatabaseStorage("fastpix://"))


def count(what: str, who: str, most: int, minutes: int, *, cost: int = 1) -> None:
    """Count one more `what` by `who`. Raises `TooMany` beyond `most` in `minutes`; the count is the caller's to commit."""
    item = limits.RateLimitItemPerMinute(most, minutes)
    if not _limiter.hit(item, what, who, cost=cost):
        seconds = max(1, int(_limiter.storage.get_expiry(item.key_for(what, who)) - time.time()))
        raise TooMany(f"Too many tries. Wait {_in_words(seconds)} and try again.", seconds)


def _in_words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{round(seconds / 60)} minutes"


def forget(what: str, who: str, most: int, minutes: int) -> None:
    """Start counting anew, as after a right password."""
    _limiter.clear(limits.RateLimitItemPerMinute(most, minutes), what, who)
