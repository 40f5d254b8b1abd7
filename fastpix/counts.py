"""Where counts that end by themselves are kept, for all processes: Redis where one is configured, else the database.

The `limits` library has the storage for Redis; the one for the database is ours. In memory, two processes would allow
twice as much.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import limits.storage
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.db import Base, db

log = logging.getLogger(__name__)
T = TypeVar("T")
ANSWERS_IN_SECONDS = 0.5
# How long a Redis that did not answer is left alone: not every request shall wait for it.
RESTS_SECONDS = 5.0


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


_database = DatabaseStorage("fastpix://")
_redis: limits.storage.RedisStorage | None = None
_redis_rests_until = 0.0


def configure(redis_url: str) -> None:
    """Count in the Redis at this address; empty: in the database. Connects to nothing yet."""
    global _redis, _redis_rests_until
    _redis, _redis_rests_until = None, 0.0
    if redis_url:
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        options: dict[str, Any] = {
            "socket_timeout": ANSWERS_IN_SECONDS,
            "socket_connect_timeout": ANSWERS_IN_SECONDS,
            "retry": Retry(NoBackoff(), 1),  # once, for a connection that an earlier Redis left behind
        }
        _redis = limits.storage.RedisStorage(redis_url, key_prefix="fastpix", **options)


def with_store(use: Callable[[limits.storage.Storage], T]) -> T:
    """What `use` makes of the store in force. A Redis that does not answer gives way to the database for a while.

    What was counted in one is not known to the other: an outage begins a new count, and never ends all counting.
    """
    global _redis_rests_until
    if _redis is not None and time.monotonic() >= _redis_rests_until:
        try:
            return use(_redis)
        except _redis.base_exceptions as problem:
            _redis_rests_until = time.monotonic() + RESTS_SECONDS
            # Only its kind: the message may hold the address, and with it the password.
            kind = type(problem).__name__
            log.warning("Redis does not answer (%s): counting in the database for %g seconds", kind, RESTS_SECONDS)
    return use(_database)
